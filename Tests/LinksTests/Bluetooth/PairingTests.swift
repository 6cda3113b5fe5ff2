import Testing

@testable import Links

@Suite struct PairingTests {
    let peer = BluetoothAddress(0xF0F1_F2F3_F4F5, .random)
    let adapter = BluetoothAddress(0x0011_2233_4455, .public)

    func begun(passkey: UInt32? = nil) -> PairingMachine {
        var machine = PairingMachine(address: peer, adapter: adapter, passkey: passkey)
        #expect(machine.handle(.begin, now: 0) == [.send(.pair(peer, .keyboardDisplay))])
        return machine
    }

    @Test func justWorksIsConfirmedAndTheKeyKept() {
        var machine = begun()
        #expect(
            machine.handle(.kernel(.confirmRequest(peer, justWorks: true, number: 0)), now: 1) == [
                .send(.confirm(peer, accept: true))
            ])
        let key = LongTermKey(
            address: peer, kind: 2, central: 1, strength: 16, diversifier: 0, random: 0, value: [UInt8](0..<16))
        _ = machine.handle(.kernel(.newLongTermKey(key, store: true)), now: 2)
        #expect(
            machine.handle(.replied(.success), now: 3) == [
                .paired(Bond(address: peer, adapter: adapter, longTermKeys: [key]))
            ])
        #expect(machine.isOver)
    }

    @Test func aPasskeyIsAskedForOrTakenFromWhatWasGiven() {
        var asking = begun()
        #expect(asking.handle(.kernel(.passkeyRequest(peer)), now: 1) == [.ask(.passkey)])
        #expect(asking.handle(.answer(.passkey(123456)), now: 2) == [.send(.passkey(peer, 123456))])
        var given = begun(passkey: 123456)
        #expect(given.handle(.kernel(.passkeyRequest(peer)), now: 1) == [.send(.passkey(peer, 123456))])
        var compared = begun(passkey: 111111)
        #expect(
            compared.handle(.kernel(.confirmRequest(peer, justWorks: false, number: 222222)), now: 1) == [
                .send(.confirm(peer, accept: false))
            ])
    }

    @Test func aNumberIsComparedOrShown() {
        var machine = begun()
        #expect(
            machine.handle(.kernel(.confirmRequest(peer, justWorks: false, number: 42)), now: 1) == [.ask(.compare(42))]
        )
        #expect(machine.handle(.answer(.yes), now: 2) == [.send(.confirm(peer, accept: true))])
        #expect(machine.handle(.kernel(.passkeyNotify(peer, passkey: 7, entered: 0)), now: 3) == [.ask(.show(7))])
        #expect(machine.handle(.kernel(.passkeyNotify(peer, passkey: 7, entered: 1)), now: 3).isEmpty, "shown once")
        #expect(machine.handle(.answer(.no), now: 4) == [.send(.cancelPairing(peer))])
        #expect(machine.handle(.replied(.cancelled), now: 5) == [.failed(.cancelled)])
    }

    @Test func failuresAreToldApart() {
        func outcome(_ events: [PairingMachine.Event], passkey: UInt32? = nil) -> PairingMachine.Directive? {
            var machine = begun(passkey: passkey)
            return events.flatMap { machine.handle($0, now: 1) }.last
        }
        #expect(outcome([.replied(.connectFailed)]) == .failed(.unreachable))
        #expect(outcome([.replied(.authenticationFailed)]) == .failed(.refusedByDevice))
        #expect(outcome([.kernel(.passkeyRequest(peer)), .replied(.authenticationFailed)]) == .failed(.noAnswer))
        #expect(
            outcome([.kernel(.passkeyRequest(peer)), .answer(.passkey(1)), .replied(.authenticationFailed)])
                == .failed(.wrongPasskey))
        #expect(outcome([.replied(.alreadyPaired)]) == .failed(.alreadyPaired))
        var slow = begun()
        #expect(
            slow.handle(.timer, now: PairingMachine.timeLimit) == [.send(.cancelPairing(peer)), .failed(.unreachable)])
    }

    @Test func whatOthersDoIsNotItsBusiness() {
        var machine = begun()
        let stranger = BluetoothAddress(1, .random)
        #expect(machine.handle(.kernel(.confirmRequest(stranger, justWorks: true, number: 0)), now: 1).isEmpty)
        #expect(machine.handle(.answer(.yes), now: 1).isEmpty, "nothing was asked")
    }
}

@Suite struct ConnectionSlotsTests {
    @Test func oneIsConnectedAtATimeAndNoMoreThanThereAreSlots() {
        var slots = ConnectionSlots(slots: 2)
        #expect(slots.handle(.want(1), now: 0) == [.connect(1)])
        #expect(slots.handle(.want(2), now: 0).isEmpty)
        #expect(slots.handle(.connected(1), now: 1) == [.connect(2)])
        #expect(slots.handle(.want(3), now: 1).isEmpty)
        #expect(slots.handle(.connected(2), now: 2).isEmpty)
    }

    @Test func whoCannotBeReachedWaitsLongerAndLonger() {
        var slots = ConnectionSlots(slots: 1)
        var pauses: [Int64] = []
        var now: Int64 = 0
        _ = slots.handle(.want(1), now: now)
        for _ in 0..<12 {
            #expect(slots.handle(.timer, now: now + ConnectionSlots.attempt) == [.cancel(1)])
            now += ConnectionSlots.attempt
            let failedAt = now
            while slots.handle(.timer, now: now) != [.connect(1)] { now += second / 2 }
            pauses.append((now - failedAt) / second)
        }
        #expect(pauses.prefix(4) == [1, 2, 4, 8])
        #expect(pauses.last == ConnectionSlots.longestPause / second)
    }

    @Test func aSignOfLifeCutsThePauseShort() {
        var slots = ConnectionSlots(slots: 1)
        _ = slots.handle(.want(1), now: 0)
        for _ in 0..<8 { _ = slots.handle(.failed(1, .absent), now: 0) }
        #expect(slots.handle(.heard(1), now: 5 * second).isEmpty)
        #expect(slots.handle(.heard(1), now: 9 * second) == [.connect(1)])
        // Not where a person is needed.
        _ = slots.handle(.failed(1, .refused), now: 10 * second)
        #expect(slots.handle(.heard(1), now: 60 * second).isEmpty)
    }

    @Test func moreSensorsThanSlotsTakeTurnsFairly() {
        var slots = ConnectionSlots(slots: 3)
        var time: [Int: Int64] = [:]
        var connected: Set<Int> = []
        var pending: [ConnectionSlots.Directive] = (0..<9).flatMap { slots.handle(.want($0), now: 0) }
        for tick in 0..<7200 {
            let now = Int64(tick) * second / 2
            var next: [ConnectionSlots.Directive] = []
            for directive in pending {
                switch directive {
                case .connect(let id):
                    connected.insert(id)
                    next += slots.handle(.connected(id), now: now)
                case .disconnect(let id):
                    connected.remove(id)
                    next += slots.handle(.closed(id, .ours), now: now)
                case .cancel(let id): Issue.record("\(id) was given up")
                }
            }
            #expect(connected.count <= 3)
            for id in connected { time[id, default: 0] += 1 }
            for id in 0..<9 { next += slots.handle(.heard(id), now: now) }
            pending = next + slots.handle(.timer, now: now)
        }
        let shares = time.values.sorted()
        #expect(time.count == 9)
        #expect(Double(shares.first!) > 0.7 * Double(shares.last!), "\(shares)")
    }

    @Test func theLimitOfAnAdapterIsLearnt() {
        var slots = ConnectionSlots(slots: 7)
        for id in 0..<4 {
            _ = slots.handle(.want(id), now: 0)
            if id < 3 { _ = slots.handle(.connected(id), now: 0) }
        }
        _ = slots.handle(.failed(3, .full), now: 1)
        #expect(slots.slots == 3 && slots.limitLearnt)
    }

    @Test func nothingConnectsWhileSuspended() {
        var slots = ConnectionSlots(slots: 1)
        _ = slots.handle(.want(1), now: 0)
        #expect(slots.handle(.suspended(true), now: 1) == [.cancel(1)])
        #expect(slots.handle(.timer, now: 60 * second).isEmpty)
        #expect(slots.handle(.suspended(false), now: 61 * second) == [.connect(1)])
    }
}
