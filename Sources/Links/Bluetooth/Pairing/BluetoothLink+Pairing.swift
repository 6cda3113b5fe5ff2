import System

// Pairing and keys, for the interface.
extension BluetoothLink {
    /// Begins to pair; `pairing` says how it stands. False where another device is being paired.
    public func beginPairing(_ address: BluetoothAddress, passkey: UInt32?) -> Bool {
        guard pairing.stage != .running, pairing.stage != .asking else { return false }
        pairing = PairingStatus()
        (pairing.stage, pairing.address) = (.running, address)
        pair(address, passkey: passkey) { [weak self] question in
            self?.pairing.question = question
            self?.pairing.stage = .asking
        } done: { [weak self] why in
            self?.pairing.question = nil
            self?.pairing.stage = why == nil ? .paired : .failed
            self?.pairing.problem = why
        }
        return true
    }

    /// Pairs a device. `ask` may be called with a question, which `answerPairing` answers; `done` is called once, with nil
    /// or a sentence.
    public func pair(
        _ address: BluetoothAddress, passkey: UInt32?, ask: @escaping (PairingQuestion) -> Void,
        done: @escaping (String?) -> Void
    ) {
        guard let desk, let adapters else { return done("Bluetooth is not running") }
        let known =
            scanner.table.place(of: address).map { scanner.table[$0] }
            ?? BluetoothAddress.Kind.allCases.lazy.compactMap { kind in
                self.scanner.table.place(of: BluetoothAddress(address.number, kind)).map { self.scanner.table[$0] }
            }.first
        guard let index = known?.adapter ?? adapters.listening.first else {
            return done("there is no adapter that listens")
        }
        desk.begin(known?.address ?? address, on: index, passkey: passkey) { question in
            ask(PairingQuestion(question))
        } done: { [weak self] result in
            switch result {
            case .success(let bond):
                guard let self else { return }
                self.store(self.bonds.filter { $0.address != bond.address || $0.adapter != bond.adapter } + [bond])
                done(nil)
            case .failure(let failure): done(failure.description)
            }
        }
    }

    public func answerPairing(_ answer: PairingAnswer) {
        if pairing.stage == .asking, answer != .no { (pairing.stage, pairing.question) = (.running, nil) }
        switch answer {
        case .passkey(let number): desk?.answer(.passkey(number))
        case .yes: desk?.answer(.yes)
        case .no: desk?.answer(.no)
        }
    }

    /// Forgets the keys here and in the kernel; nil, or why not.
    public func unpair(_ address: BluetoothAddress, done: @escaping (String?) -> Void) {
        guard let bond = bonds.first(where: { $0.address.number == address.number }) else {
            return done("\(address) is not paired")
        }
        let index = adapters?.status.first { $0.address == bond.adapter }?.index
        store(bonds.filter { $0.address != bond.address })
        guard let index, let channel else { return done(nil) }
        channel.send(.unpair(bond.address, disconnect: true), index: index) { status, _ in
            done(status == .success || status == .notPaired ? nil : status.description)
        }
    }

    public var paired: [BluetoothAddress] { bonds.map(\.address) }

    /// The key of an encrypted beacon, kept from now on; its counters begin anew. Nil, or why not.
    public func setKey(_ key: [UInt8], of address: BluetoothAddress) -> String? {
        guard key.count == 16 else { return "a key has 16 bytes: 32 hexadecimal digits" }
        guard let index = scanner.index(of: address) else { return "\(address) is no sensor of this gateway" }
        let sensor = scanner.sensors[index]
        do { try keeper.store(key: key, of: sensor.settings.address) } catch {
            return "the key could not be stored: \(error)"
        }
        sensor.key = key
        sensor.forgetCounters()
        return nil
    }
}

/// How a pairing stands.
public struct PairingStatus: Hashable, Sendable {
    public enum Stage: String, Sendable { case none, running, asking, paired, failed }

    public var stage = Stage.none
    public var address: BluetoothAddress?
    public var question: PairingQuestion?
    /// Why it failed, and what to do next.
    public var problem: String?

    public init() {}
}

/// What pairing asks a person.
public enum PairingQuestion: Hashable, Sendable {
    /// Type the six digits the device shows.
    case passkey
    /// Does the device show this number?
    case compare(UInt32)
    /// Type this number on the device.
    case show(UInt32)

    init(_ question: PairingMachine.Question) {
        switch question {
        case .passkey: self = .passkey
        case .compare(let number): self = .compare(number)
        case .show(let number): self = .show(number)
        }
    }
}

public enum PairingAnswer: Hashable, Sendable {
    case passkey(UInt32)
    case yes
    case no
}
