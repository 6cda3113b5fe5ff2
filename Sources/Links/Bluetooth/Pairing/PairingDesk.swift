import System

/// Pairs one device at a time: runs the machine, performs what it directs, and answers strangers with no.
final class PairingDesk {
    private struct Running {
        var machine: PairingMachine
        var index: UInt16
        var timer: TimerToken?
        var ask: (PairingMachine.Question) -> Void
        var done: (Result<Bond, PairingMachine.Failure>) -> Void
    }

    /// How long a link may take to go down.
    static let dropMs: Int64 = 3_000

    private let loop: Loop
    private let channel: MgmtChannel
    private let adapters: Adapters
    private var running: Running?
    /// Tells an answer to an earlier pairing from one to this.
    private var turn: UInt64 = 0
    private(set) var refusedStrangers: UInt64 = 0

    /// The device and whether it is being paired: others make way.
    var onBusy: (BluetoothAddress, Bool) -> Void = { _, _ in }

    init(loop: Loop, channel: MgmtChannel, adapters: Adapters) {
        self.loop = loop
        self.channel = channel
        self.adapters = adapters
    }

    var current: BluetoothAddress? { running?.machine.address }
    var question: PairingMachine.Question? { running?.machine.question }

    func begin(
        _ address: BluetoothAddress, on index: UInt16, passkey: UInt32?,
        ask: @escaping (PairingMachine.Question) -> Void,
        done: @escaping (Result<Bond, PairingMachine.Failure>) -> Void
    ) {
        guard running == nil else {
            done(.failure(.adapter("another device is being paired")))
            return
        }
        guard let adapter = adapters.address(of: index) else {
            done(.failure(.adapter("it is not ready")))
            return
        }
        guard adapters.mode(of: index) == .exclusive else {
            done(.failure(.anotherOwner))
            return
        }
        turn += 1
        onBusy(address, true)
        adapters.tell(index, .connecting(true))
        running = Running(
            machine: PairingMachine(address: address, adapter: adapter, passkey: passkey), index: index, ask: ask,
            done: done)
        running?.timer = loop.repeating(everyMs: 500) { [weak self] in
            guard let self, let until = self.running?.machine.deadline, self.loop.now >= until else { return }
            self.tell(.timer)
        }
        tell(.begin)
    }

    func answer(_ answer: PairingMachine.Answer) { tell(.answer(answer)) }

    /// An event of the management channel.
    func handle(_ event: MgmtEvent, index: UInt16) {
        if running?.index == index { tell(.kernel(event)) }
        // Who asks to be paired without anybody having wished for it is refused; beside bluetoothd that is its matter.
        guard adapters.mode(of: index) == .exclusive else { return }
        switch event {
        case .confirmRequest(let peer, _, _) where peer != current:
            refusedStrangers += 1
            channel.send(.confirm(peer, accept: false), index: index) { _, _ in }
        case .passkeyRequest(let peer) where peer != current:
            refusedStrangers += 1
            channel.send(.refusePasskey(peer), index: index) { _, _ in }
        default: break
        }
    }

    private func tell(_ event: PairingMachine.Event) {
        guard let index = running?.index else { return }
        let directives = running?.machine.handle(event, now: SystemClock.bootTime) ?? []
        for directive in directives {
            switch directive {
            case .send(let command):
                let turn = turn
                channel.send(command, index: index) { [weak self] status, _ in
                    if case .pair = command, self?.turn == turn { self?.tell(.replied(status)) }
                }
            case .ask(let question): running?.ask(question)
            case .paired(let bond): finish(.success(bond))
            case .failed(let failure): finish(.failure(failure))
            }
        }
    }

    private func finish(_ result: Result<Bond, PairingMachine.Failure>) {
        guard let over = running else { return }
        if let timer = over.timer { loop.cancel(timer) }
        guard case .failure = result else {
            conclude(over, result)
            return
        }
        // What is left of a failed pairing confuses the next one on the same link: it begins on a fresh one.
        let turn = turn
        var isConcluded = false
        let conclude = { [weak self] in
            guard let self, !isConcluded, self.turn == turn else { return }
            isConcluded = true
            self.conclude(over, result)
        }
        channel.send(.disconnect(over.machine.address), index: over.index) { _, _ in conclude() }
        loop.schedule(afterMs: PairingDesk.dropMs) { conclude() }
    }

    private func conclude(_ over: Running, _ result: Result<Bond, PairingMachine.Failure>) {
        running = nil
        adapters.tell(over.index, .connecting(false))
        over.done(result)
        onBusy(over.machine.address, false)
    }
}
