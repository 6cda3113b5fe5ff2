import CBluetooth
import Glibc
import System

/// The two management sockets on a loop: one for commands and their answers, one for events. Both are always drained, so
/// that neither can fill up and lose the other's messages.
final class MgmtChannel {
    /// Answers that are waited for; beyond, the oldest is given up.
    static let mostPending = 64
    private static let batch = 32

    private struct Pending {
        var index: UInt16
        var opcode: UInt16
        var answer: (MgmtStatus, [UInt8]) -> Void
    }

    private let loop: Loop
    private let commands: Int32
    private let events: Int32
    private var pending: [Pending] = []
    private var buffer: UnsafeMutableRawBufferPointer
    private var lengths = [UInt32](repeating: 0, count: batch)
    private(set) var malformed: UInt64 = 0
    private(set) var datagrams: UInt64 = 0
    private var isOpen = true

    /// Called for every packet of the event socket, in the buffer it came in.
    var onPacket: (MgmtPacket) -> Void = { _ in }
    /// After each batch of packets.
    var onBatch: () -> Void = {}
    var onBroken: (SystemFailure) -> Void = { _ in }

    /// Takes over both descriptors.
    init(loop: Loop, commands: Int32, events: Int32) throws(SystemFailure) {
        self.loop = loop
        self.commands = commands
        self.events = events
        buffer = .allocate(byteCount: MgmtChannel.batch * MgmtPacket.largest, alignment: 8)
        try loop.watch(commands, .readable) { [weak self] _ in self?.drain(isCommands: true) }
        try loop.watch(events, .readable) { [weak self] _ in self?.drain(isCommands: false) }
    }

    deinit {
        close()
        buffer.deallocate()
    }

    func close() {
        guard isOpen else { return }
        isOpen = false
        for descriptor in [commands, events] {
            loop.unwatch(descriptor)
            Glibc.close(descriptor)
        }
        pending = []
    }

    /// Sends a command; `answer` is called once with the kernel's reply, or never: who waits keeps a time limit.
    func send(_ command: MgmtCommand, index: UInt16, _ answer: @escaping (MgmtStatus, [UInt8]) -> Void) {
        guard isOpen else { return }
        if pending.count == MgmtChannel.mostPending { pending.removeFirst() }
        pending.append(Pending(index: index, opcode: command.opcode, answer: answer))
        let bytes = command.encode(index: index)
        // 672 is what the kernel takes without being asked for more.
        if bytes.count > 600 { _ = bothy_mgmt_send_room(commands, UInt32(bytes.count)) }
        let sent = bytes.withUnsafeBytes { Glibc.write(commands, $0.baseAddress, $0.count) }
        // 0 is no failure here: the kernel refused early and has answered already.
        if sent < 0 {
            let failure = SystemFailure.last("send", command.name)
            Log.warning("bluetooth", "\(failure)")
            let place = pending.count - 1
            let code: MgmtStatus = failure.code == EPERM || failure.code == EACCES ? .permissionDenied : .failed
            loop.schedule(afterMs: 0) { [weak self] in
                guard let self, self.isOpen, place < self.pending.count else { return }
                self.take(index, command.opcode)?.answer(code, [])
            }
        }
    }

    private func drain(isCommands: Bool) {
        // Bounded, so that a flood cannot keep the loop from everything else.
        for _ in 0..<8 {
            guard isOpen else { return }
            let count = lengths.withUnsafeMutableBufferPointer {
                bothy_receive_datagrams(
                    isCommands ? commands : events, buffer.baseAddress, MgmtPacket.largest, $0.baseAddress,
                    Int32(MgmtChannel.batch))
            }
            if count < 0 {
                let failure = SystemFailure.last("recv", "management socket")
                close()
                onBroken(failure)
                return
            }
            for place in 0..<Int(count) { read(place, isCommands: isCommands) }
            if !isCommands, count > 0, isOpen { onBatch() }
            if count < MgmtChannel.batch { return }
        }
    }

    private func read(_ place: Int, isCommands: Bool) {
        guard isOpen else { return }
        datagrams += 1
        let start = place * MgmtPacket.largest
        let length = min(Int(lengths[place]), MgmtPacket.largest)
        let bytes = UnsafeRawBufferPointer(rebasing: buffer[start..<start + length])
        do throws(MgmtMalformed) {
            let packet = try MgmtPacket(bytes)
            guard isCommands else {
                onPacket(packet)
                return
            }
            if case .reply(let opcode, let status, let payload) = try packet.event() {
                take(packet.index, opcode)?.answer(status, payload)
            }
        } catch {
            malformed += 1
            Log.debug("bluetooth", "\(error)")
        }
    }

    private func take(_ index: UInt16, _ opcode: UInt16) -> Pending? {
        guard let place = pending.firstIndex(where: { $0.index == index && $0.opcode == opcode }) else { return nil }
        return pending.remove(at: place)
    }
}
