/// Pairing with one device, as a state machine: what the kernel asks is put to a person or answered from what was given
/// beforehand, and what comes of it is a bond or a sentence.
struct PairingMachine {
    enum Event {
        case begin
        case kernel(MgmtEvent)
        /// The answer to the pairing command itself.
        case replied(MgmtStatus)
        case answer(Answer)
        case timer
    }

    enum Answer: Hashable, Sendable {
        case passkey(UInt32)
        case yes
        case no
    }

    enum Question: Hashable, Sendable {
        /// Type what the device shows.
        case passkey
        /// Does the device show this number?
        case compare(UInt32)
        /// Type this number on the device.
        case show(UInt32)
    }

    enum Directive: Hashable {
        case send(MgmtCommand)
        case ask(Question)
        case paired(Bond)
        case failed(Failure)
    }

    enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        case unreachable
        case wrongPasskey
        case refusedByDevice
        case noAnswer
        case cancelled
        case alreadyPaired
        case anotherOwner
        case adapter(String)

        /// What happened, and what to do next.
        var description: String {
            switch self {
            case .unreachable:
                "the device did not answer; bring it near, wake it up or put it into pairing mode, and try again"
            case .wrongPasskey: "the passkey or number was not the device's; try again with the one it shows now"
            case .refusedByDevice:
                "the device refused; put it into pairing mode, and remove its old pairing there if it has one"
            case .noAnswer: "nobody answered the device's question in time; try again, or give --passkey"
            case .cancelled: "cancelled"
            case .alreadyPaired: "the device is paired already; bothy sensor unpair removes that"
            case .anotherOwner:
                "bluetoothd owns this adapter and its keys; pair with bluetoothctl, the sensor is then read all the same"
            case .adapter(let why): "the adapter: \(why)"
            }
        }
    }

    /// As long as the kernel gives a person, and a little.
    static let timeLimit: Int64 = 45_000_000_000

    let address: BluetoothAddress
    let adapter: BluetoothAddress
    private let passkey: UInt32?
    private var until: Int64?
    private var bond: Bond
    private(set) var question: Question?
    private var asked = false
    private var hasGivenUp = false
    private(set) var isOver = false

    /// `passkey` answers the device's question without asking anybody.
    init(address: BluetoothAddress, adapter: BluetoothAddress, passkey: UInt32? = nil) {
        self.address = address
        self.adapter = adapter
        self.passkey = passkey
        bond = Bond(address: address, adapter: adapter)
    }

    var deadline: Int64? { isOver ? nil : until }

    mutating func handle(_ event: Event, now: Int64) -> [Directive] {
        guard !isOver else { return [] }
        var out: [Directive] = []
        switch event {
        case .begin:
            until = now + PairingMachine.timeLimit
            out.append(.send(.pair(address, .keyboardDisplay)))
        case .kernel(let event): heard(event, &out)
        case .replied(let status): replied(status, &out)
        case .answer(let answer): answered(answer, &out)
        case .timer:
            guard let until, now >= until else { break }
            out.append(.send(.cancelPairing(address)))
            end(.failed(hasGivenUp ? .cancelled : question == nil ? .unreachable : .noAnswer), &out)
        }
        return out
    }

    private mutating func end(_ directive: Directive, _ out: inout [Directive]) {
        isOver = true
        question = nil
        out.append(directive)
    }

    private mutating func ask(_ question: Question, _ out: inout [Directive]) {
        self.question = question
        asked = true
        out.append(.ask(question))
    }

    private mutating func heard(_ event: MgmtEvent, _ out: inout [Directive]) {
        switch event {
        case .confirmRequest(let peer, let justWorks, let number) where peer == address:
            if justWorks {
                // Nothing to compare: it was the person's wish to pair that is confirmed.
                out.append(.send(.confirm(peer, accept: true)))
            } else if let passkey {
                out.append(.send(.confirm(peer, accept: passkey == number)))
            } else {
                ask(.compare(number), &out)
            }
        case .passkeyRequest(let peer) where peer == address:
            if let passkey { out.append(.send(.passkey(peer, passkey))) } else { ask(.passkey, &out) }
        case .passkeyNotify(let peer, let number, _) where peer == address:
            if question != .show(number) { ask(.show(number), &out) }
        case .newLongTermKey(let key, _) where isOurs(key.address):
            bond.address = key.address
            bond.longTermKeys.append(key)
            if bond.longTermKeys.count > 2 { bond.longTermKeys.removeFirst() }
        case .newIdentityKey(let key, let resolvable, _) where isOurs(resolvable) || isOurs(key.address):
            // From here on the kernel speaks of the device by its identity address.
            bond.address = key.address
            bond.identityKey = key
        default: break
        }
    }

    private func isOurs(_ peer: BluetoothAddress) -> Bool { peer == address || peer == bond.address }

    /// The end comes with the kernel's answer: until then it is still busy with this device.
    private mutating func giveUp(_ command: MgmtCommand, _ out: inout [Directive]) {
        question = nil
        hasGivenUp = true
        out.append(.send(command))
    }

    private mutating func replied(_ status: MgmtStatus, _ out: inout [Directive]) {
        if hasGivenUp, status != .success {
            end(.failed(.cancelled), &out)
            return
        }
        switch status {
        case .success: end(.paired(bond), &out)
        case .alreadyPaired: end(.failed(.alreadyPaired), &out)
        case .connectFailed, .timeout, .notConnected: end(.failed(.unreachable), &out)
        case .disconnected: end(.failed(.refusedByDevice), &out)
        case .cancelled: end(.failed(.cancelled), &out)
        case .authenticationFailed:
            let why: Failure = question != nil ? .noAnswer : asked || passkey != nil ? .wrongPasskey : .refusedByDevice
            end(.failed(why), &out)
        default: end(.failed(.adapter(status.description)), &out)
        }
    }

    private mutating func answered(_ answer: Answer, _ out: inout [Directive]) {
        switch (question, answer) {
        case (.passkey, .passkey(let number)) where number <= 999_999:
            out.append(.send(.passkey(address, number)))
            question = nil
        case (.compare, .yes):
            out.append(.send(.confirm(address, accept: true)))
            question = nil
        case (.compare, .no): giveUp(.confirm(address, accept: false), &out)
        case (.passkey, .no): giveUp(.refusePasskey(address), &out)
        case (_, .no): giveUp(.cancelPairing(address), &out)
        default: break
        }
    }
}
