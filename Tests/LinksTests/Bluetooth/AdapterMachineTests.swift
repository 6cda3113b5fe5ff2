import Testing

@testable import Links

/// A kernel that grants everything, and a clock that jumps.
struct ObligingKernel {
    var machine: AdapterMachine
    var now: Int64 = 1000 * second
    var sent: [MgmtCommand] = []
    var resets = 0
    var refuse: [UInt16: MgmtStatus] = [:]
    var silent = false

    init(_ mode: AdapterMachine.Mode) { machine = AdapterMachine(mode: mode) }

    mutating func tell(_ event: AdapterMachine.Event) { perform(machine.handle(event, now: now)) }

    private mutating func perform(_ directives: [AdapterMachine.Directive]) {
        for directive in directives {
            switch directive {
            case .send(let command):
                sent.append(command)
                if silent { continue }
                let status = refuse[command.opcode] ?? .success
                tell(.reply(opcode: command.opcode, status, payload: status == .success ? answer(command) : []))
            case .resetHardware: resets += 1
            case .log: break
            }
        }
    }

    private func answer(_ command: MgmtCommand) -> [UInt8] {
        switch command {
        case .readInfo: [0x55, 0x44, 0x33, 0x22, 0x11, 0, 9, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0x11, 0x0A, 0, 0]
        case .addMonitor: [UInt8(sent.count), 0]
        default: []
        }
    }

    /// Lets time pass, waking the machine when it asked for it.
    mutating func pass(_ seconds: Int64, reportsPerSecond: Int = 0) {
        let end = now + seconds * second
        while now < end {
            let step = min(end, now + second)
            for _ in 0..<reportsPerSecond { machine.heard(now: now) }
            while let deadline = machine.deadline, deadline <= step {
                now = max(now, deadline)
                tell(.timer)
                #expect(machine.deadline ?? .max > now, "a deadline must lie ahead")
            }
            now = step
        }
    }
}

@Suite struct AdapterMachineTests {
    @Test func exclusiveModeSetsUpKeysBeforePowerAndListensAfterIt() {
        var kernel = ObligingKernel(.exclusive)
        kernel.tell(.start)
        #expect(kernel.machine.phase == .listening)
        let powered = kernel.sent.firstIndex(of: .setPowered(true))
        let keys = kernel.sent.firstIndex(of: .loadLongTermKeys([]))
        let monitor = kernel.sent.firstIndex(of: .addMonitor)
        #expect(keys != nil && powered != nil && monitor != nil && keys! < powered! && powered! < monitor!)
    }

    @Test func sharedModeOnlyAddsAMonitorWhateverHappens() {
        var kernel = ObligingKernel(.shared)
        kernel.tell(.start)
        kernel.tell(.bondsChanged)
        kernel.tell(.wantDuty(.idle))
        kernel.tell(.reset)
        kernel.pass(600, reportsPerSecond: 5)
        kernel.pass(4000)
        let allowed: Set<UInt16> = [0x0004, 0x0052, 0x0053]
        #expect(kernel.sent.allSatisfy { allowed.contains($0.opcode) })
        #expect(!kernel.sent.contains(.removeMonitor(0)))
        #expect(kernel.resets == 0)
    }

    @Test func anEmptyFieldIsNoFault() {
        var kernel = ObligingKernel(.exclusive)
        kernel.tell(.start)
        kernel.pass(3600)
        #expect(kernel.machine.ladder.taken.isEmpty)
        // Two reports a minute predict three in 90 s: too few to call their absence a fault.
        for _ in 0..<60 {
            kernel.machine.heard(now: kernel.now)
            kernel.pass(30)
        }
        kernel.pass(3600)
        #expect(kernel.machine.ladder.taken.isEmpty)
        #expect(kernel.machine.summary.contains("listening"))
    }

    @Test func silenceIsNoticedAfterNinetySecondsAndTheLadderClimbedOnceAnHour() {
        var kernel = ObligingKernel(.exclusive)
        kernel.tell(.start)
        kernel.pass(600, reportsPerSecond: 2)
        kernel.pass(88)
        #expect(kernel.machine.ladder.taken.isEmpty)
        kernel.pass(4)
        #expect(kernel.machine.ladder.taken == [.readdMonitor: 1])
        kernel.pass(120)
        #expect(kernel.machine.ladder.taken == [.readdMonitor: 1, .powerCycle: 1, .hardwareReset: 1])
        #expect(kernel.resets == 1)
        #expect(kernel.sent.contains(.setPowered(false)))
        #expect(kernel.machine.summary == "nothing in range")
        kernel.pass(3300)
        #expect(kernel.machine.ladder.taken[.readdMonitor] == 1)
        kernel.pass(300)
        #expect(kernel.machine.ladder.taken[.readdMonitor] == 2)
    }

    @Test func hearingAgainEndsTheLadder() {
        var kernel = ObligingKernel(.exclusive)
        kernel.tell(.start)
        kernel.pass(600, reportsPerSecond: 2)
        kernel.pass(95)
        kernel.machine.heard(now: kernel.now)
        kernel.pass(80)
        #expect(kernel.machine.ladder.taken == [.readdMonitor: 1])
        #expect(kernel.machine.ladder.recoveries == 1)
    }

    @Test func aRemovedMonitorIsAddedAgain() {
        for handle in [UInt16(0), 1] {
            var kernel = ObligingKernel(.exclusive)
            kernel.tell(.start)
            let own = kernel.machine.monitor
            kernel.sent = []
            kernel.tell(.event(.monitorRemoved(handle == 0 ? 0 : own!)))
            #expect(kernel.sent == [.addMonitor])
            #expect(kernel.machine.counters.monitorsLost == 1)
            kernel.tell(.event(.monitorRemoved(999)))
            #expect(kernel.sent == [.addMonitor])
        }
    }

    @Test func aKernelThatDoesNotAnswerIsAskedAgain() {
        var kernel = ObligingKernel(.exclusive)
        kernel.silent = true
        kernel.tell(.start)
        kernel.pass(60)
        #expect(kernel.machine.counters.commandsTimedOut >= 2)
        kernel.silent = false
        kernel.pass(30)
        #expect(kernel.machine.phase == .listening)
    }

    @Test func refusedPowerIsSaidAndTriedAgain() {
        var kernel = ObligingKernel(.exclusive)
        kernel.refuse = [0x0005: .blockedByRfkill]
        kernel.tell(.start)
        #expect(kernel.machine.summary.contains("rfkill"))
        #expect(kernel.resets == 1)
        kernel.refuse = [:]
        kernel.pass(20)
        #expect(kernel.machine.phase == .listening)
    }

    @Test func switchedOffByOthersItWaitsAndReturnsWithThePower() {
        var kernel = ObligingKernel(.shared)
        kernel.tell(.start)
        #expect(kernel.machine.phase == .listening)
        kernel.tell(.event(.newSettings([.lowEnergy])))
        #expect(kernel.machine.phase != .listening)
        kernel.tell(.event(.newSettings([.lowEnergy, .powered])))
        #expect(kernel.machine.phase == .listening)
    }

    @Test func activeScanningPausesWhileConnecting() {
        var kernel = ObligingKernel(.exclusive)
        kernel.tell(.start)
        kernel.tell(.wantActive(until: kernel.now + 30 * second))
        #expect(kernel.sent.last == .startDiscovery)
        // The kernel ends it after ten seconds; it is begun again.
        kernel.tell(.event(.discovering(false)))
        #expect(kernel.sent.filter { $0 == .startDiscovery }.count == 2)
        kernel.tell(.connecting(true))
        #expect(kernel.sent.last == .stopDiscovery)
        kernel.tell(.connecting(false))
        #expect(kernel.sent.last == .startDiscovery)
        kernel.pass(31)
        #expect(kernel.sent.last == .stopDiscovery)
    }
}
