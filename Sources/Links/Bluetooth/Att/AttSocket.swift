import CBluetooth
import Glibc
import System

/// One ATT connection over the kernel's L2CAP: connecting, sending, raising its security. Confined to its loop.
final class AttSocket {
    enum Happening {
        case connected(security: Int)
        case received(UnsafeRawBufferPointer)
        case secured(level: Int)
        /// The end; nothing follows.
        case closed(SystemFailure)
    }

    private enum Phase { case connecting, open, securing, closed }

    /// Messages that wait for room in the kernel; beyond, the link is given up.
    static let mostWaiting = 32

    private let loop: Loop
    private let descriptor: Int32
    private let peer: BluetoothAddress
    private var phase = Phase.connecting
    private var waiting: [[UInt8]] = []
    private let happened: (Happening) -> Void

    /// Begins to connect from the adapter with address `local`.
    init(
        loop: Loop, local: BluetoothAddress, peer: BluetoothAddress, _ happened: @escaping (Happening) -> Void
    ) throws(SystemFailure) {
        self.loop = loop
        self.peer = peer
        self.happened = happened
        descriptor = bothy_att_open(local.bytesOnAir, Int32(local.kind.rawValue))
        guard descriptor >= 0 else { throw SystemFailure.last("bind", "ATT from \(local)") }
        if bothy_att_connect(descriptor, peer.bytesOnAir, Int32(peer.kind.rawValue)) != 0, lastErrorCode != EINPROGRESS
        {
            let failure = SystemFailure.last("connect", "\(peer)")
            Glibc.close(descriptor)
            throw failure
        }
        try loop.watch(descriptor, [.writable]) { [weak self] events in self?.ready(events) }
    }

    deinit { close() }

    /// Ends the link, or the attempt; nothing is reported any more.
    func close() {
        guard phase != .closed else { return }
        phase = .closed
        loop.unwatch(descriptor)
        Glibc.close(descriptor)
    }

    func send(_ bytes: [UInt8]) {
        guard phase == .open || phase == .securing else { return }
        guard waiting.count < AttSocket.mostWaiting else {
            end(SystemFailure(code: ENOBUFS, call: "send", subject: "\(peer)"))
            return
        }
        waiting.append(bytes)
        flush()
    }

    /// Asks the kernel to encrypt the link with the key it has.
    func raiseSecurity(_ level: Int) {
        guard phase == .open else { return }
        guard bothy_att_raise_security(descriptor, Int32(level)) == 0 else {
            end(SystemFailure.last("setsockopt", "security of \(peer)"))
            return
        }
        phase = .securing
        // Writable again once it is done.
        loop.rewatch(descriptor, [.readable, .writable])
    }

    private func ready(_ events: Loop.Events) {
        if phase == .connecting {
            connected()
            return
        }
        if events.contains(.readable) { read() }
        guard phase != .closed else { return }
        if events.contains(.broken) {
            let code = bothy_socket_error(descriptor)
            end(SystemFailure(code: code == 0 ? ECONNRESET : code, call: "recv", subject: "\(peer)"))
            return
        }
        guard events.contains(.writable) else { return }
        if phase == .securing {
            phase = .open
            happened(.secured(level: Int(bothy_att_security(descriptor))))
            guard phase != .closed else { return }
        }
        flush()
    }

    private func connected() {
        let code = bothy_socket_error(descriptor)
        guard code == 0 else {
            end(SystemFailure(code: code, call: "connect", subject: "\(peer)"))
            return
        }
        phase = .open
        loop.rewatch(descriptor, .readable)
        happened(.connected(security: Int(bothy_att_security(descriptor))))
    }

    private func read() {
        withUnsafeTemporaryAllocation(byteCount: AttPacket.wantedMTU + 1, alignment: 8) { buffer in
            for _ in 0..<16 {
                guard phase != .closed else { return }
                let count = Glibc.recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
                if count < 0 {
                    let failure = SystemFailure.last("recv", "\(peer)")
                    if failure.code != EAGAIN, failure.code != EINTR, failure.code != ENOTCONN { end(failure) }
                    return
                }
                if count == 0 {
                    end(SystemFailure(code: ECONNRESET, call: "recv", subject: "\(peer)"))
                    return
                }
                happened(.received(UnsafeRawBufferPointer(rebasing: buffer[0..<count])))
            }
        }
    }

    private func flush() {
        while phase == .open, let next = waiting.first {
            let sent = next.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if sent < 0 {
                let failure = SystemFailure.last("send", "\(peer)")
                // Not connected: encryption is under way, begun by the other side.
                if failure.code == EAGAIN || failure.code == ENOTCONN || failure.code == EINTR {
                    loop.rewatch(descriptor, [.readable, .writable])
                    return
                }
                end(failure)
                return
            }
            waiting.removeFirst()
        }
        if phase == .open { loop.rewatch(descriptor, .readable) }
    }

    private func end(_ failure: SystemFailure) {
        guard phase != .closed else { return }
        close()
        happened(.closed(failure))
    }
}

/// Why a link ended, from what the kernel says of its socket.
enum LinkEnd {
    static func reason(_ failure: SystemFailure) -> ConnectionSlots.Reason {
        switch failure.code {
        case EACCES, EPERM, ENOSYS, EKEYREJECTED, ENOKEY: .refused
        case ENOMEM, EMLINK, ENOBUFS, EUSERS: .full
        // Busy: bluetoothd has it. Once it lets go the device advertises, and that is heard.
        case ECONNREFUSED, ETIMEDOUT, EHOSTDOWN, EHOSTUNREACH, ENETDOWN, ENODEV, EBUSY: .absent
        default: .dropped
        }
    }

    static func words(_ failure: SystemFailure, bonded: Bool) -> String {
        switch failure.code {
        case EACCES, EKEYREJECTED, ENOKEY:
            bonded
                ? "the device no longer knows its key: bothy sensor unpair, then pair it anew"
                : "the device refused: it asks for pairing (bothy sensor pair)"
        case ENOSYS: "the encryption does not fit: another key, or disturbed"
        case EBUSY: "in use by bluetoothd"
        case ECONNREFUSED, ETIMEDOUT, EHOSTDOWN: "not reachable"
        case ECONNRESET: "the device dropped the link"
        case ECONNABORTED, ENODEV, ENETDOWN: "the adapter went away"
        case EMLINK, ENOMEM: "the adapter takes no more connections"
        default: failure.reason
        }
    }
}
