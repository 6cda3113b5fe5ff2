import System
import Testing

@testable import Gateway

/// Time that passes when a test says so.
final class VirtualTime: Scheduler {
    private var heap = TimerQueue()
    var bootTime: Int64 = 0

    func after(ms delay: Int64, _ action: @escaping () -> Void) -> TimerToken {
        heap.insert(at: bootTime + delay * 1_000_000, action)
    }

    func cancel(_ token: TimerToken) { heap.cancel(token) }

    func pass(ms: Int64) {
        let end = bootTime + ms * 1_000_000
        while let next = heap.nextDeadline, next <= end {
            bootTime = max(bootTime, next)
            heap.due(now: bootTime)?()
        }
        bootTime = end
    }
}

final class Probe: Component {
    let name: String
    var starts = 0
    var stops = 0
    var startError: Failure?
    var fail: (Failure) -> Void = { _ in }

    init(_ name: String) { self.name = name }

    func start(failed: @escaping (Failure) -> Void) throws {
        starts += 1
        fail = failed
        if let startError { throw startError }
    }

    func stop(done: @escaping () -> Void) {
        stops += 1
        done()
    }
}

@Suite struct SupervisorTests {
    let time = VirtualTime()

    func tree(_ strategy: Supervisor.Strategy, _ exhaustion: Supervisor.Exhaustion = .escalate) throws -> (
        Supervisor, [Probe]
    ) {
        let supervisor = Supervisor(
            name: "root", strategy, restarts: 3, seconds: 5, exhaustion: exhaustion, scheduler: time)
        let probes = ["a", "b", "c"].map { Probe($0) }
        for probe in probes { supervisor.add(probe) }
        return (supervisor, probes)
    }

    @Test func oneForOneRestartsOnlyTheFailed() throws {
        let (supervisor, probes) = try tree(.oneForOne)
        try supervisor.start { _ in Issue.record("must not fail") }
        probes[1].fail(Failure(.restart, "broken"))
        #expect(supervisor.reports()[1].state == .restarting)
        time.pass(ms: 200)
        #expect(probes.map(\.starts) == [1, 2, 1])
        #expect(supervisor.reports()[1].restarts == 1)
        #expect(supervisor.reports()[1].lastFailure == "broken")
    }

    @Test func restForOneRestartsWhatCameLater() throws {
        let (supervisor, probes) = try tree(.restForOne)
        try supervisor.start { _ in Issue.record("must not fail") }
        probes[1].fail(Failure(.restart, "broken"))
        time.pass(ms: 200)
        #expect(probes.map(\.starts) == [1, 2, 2])
        #expect(probes.map(\.stops) == [0, 1, 1])
    }

    @Test func anExhaustedBudgetEscalates() throws {
        let (supervisor, probes) = try tree(.oneForOne)
        var escalated: Failure?
        try supervisor.start { escalated = $0 }
        for _ in 0..<4 {
            probes[0].fail(Failure(.restart, "again"))
            time.pass(ms: 900)
        }
        #expect(escalated?.reason.contains("too often") == true)
    }

    @Test func slowFailuresNeverExhaust() throws {
        let (supervisor, probes) = try tree(.oneForOne)
        try supervisor.start { _ in Issue.record("must not fail") }
        for _ in 0..<50 {
            probes[0].fail(Failure(.restart, "now and then"))
            time.pass(ms: 70_000)
        }
        #expect(probes[0].starts == 51)
    }

    @Test func aRestingChildIsTriedAgainForEver() throws {
        let (supervisor, probes) = try tree(.oneForOne, .rest)
        probes[2].startError = Failure(.restart, "no such port")
        try supervisor.start { _ in Issue.record("must not fail") }
        time.pass(ms: 5_000)
        #expect(supervisor.reports()[2].state == .resting)
        time.pass(ms: 600_000)
        let starts = probes[2].starts
        #expect(starts > 8 && starts < 60)
        probes[2].startError = nil
        time.pass(ms: 130_000)
        #expect(supervisor.reports()[2].state == .running)
        #expect(probes[0].starts == 1)
    }

    @Test func givingUpLeavesTheRestAlone() throws {
        let (supervisor, probes) = try tree(.restForOne)
        try supervisor.start { _ in Issue.record("must not fail") }
        probes[0].fail(Failure(.giveUp, "no such hardware"))
        time.pass(ms: 100_000)
        #expect(supervisor.reports()[0].state == .givenUp)
        #expect(probes.map(\.starts) == [1, 1, 1])
    }

    @Test func endingTheProcessGoesAllTheWayUp() throws {
        let outer = Supervisor(name: "outer", .restForOne, restarts: 3, seconds: 5, scheduler: time)
        let (supervisor, probes) = try tree(.oneForOne)
        outer.add(supervisor)
        var ended: Failure?
        try outer.start { ended = $0 }
        probes[2].fail(Failure(.endProcess(status: 74), "the disk is gone"))
        #expect(ended?.wish == .endProcess(status: 74))
    }

    @Test func aLateFailureOfAnEarlierLifeIsIgnored() throws {
        let (supervisor, probes) = try tree(.oneForOne)
        try supervisor.start { _ in }
        let old = probes[0].fail
        old(Failure(.restart, "first"))
        time.pass(ms: 200)
        old(Failure(.restart, "late"))
        time.pass(ms: 10_000)
        #expect(probes[0].starts == 2)
    }

    @Test func stoppingWaitsForAll() throws {
        let (supervisor, probes) = try tree(.oneForOne)
        try supervisor.start { _ in }
        var stopped = false
        supervisor.stop { stopped = true }
        #expect(stopped)
        #expect(probes.map(\.stops) == [1, 1, 1])
        probes[0].fail(Failure(.restart, "too late"))
        time.pass(ms: 10_000)
        #expect(probes[0].starts == 1)
    }
}
