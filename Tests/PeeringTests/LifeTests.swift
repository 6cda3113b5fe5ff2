import Testing

@testable import Peering

private let second: Int64 = 1_000_000_000

@Suite struct BreakerTests {
    @Test func fiveFailuresOpenItForHalfAMinuteAndOneProbeDecides() {
        var breaker = Breaker()
        for _ in 0..<4 {
            breaker.failed(now: 0)
            #expect(breaker.allows(now: 0) == true)
        }
        breaker.failed(now: 0)
        #expect(breaker.state == .open(until: 30 * second))
        #expect(breaker.allows(now: 29 * second) == false)
        #expect(breaker.allows(now: 30 * second) == true)
        #expect(breaker.allows(now: 31 * second) == false, "one probe at a time")
        breaker.failed(now: 32 * second)
        #expect(breaker.state == .open(until: 62 * second))
        #expect(breaker.allows(now: 62 * second) == true)
        breaker.succeeded()
        #expect(breaker.state == .closed && breaker.failures(now: 62 * second) == 0)
    }

    @Test func failuresFadeByHalfEveryMinute() {
        var breaker = Breaker()
        for _ in 0..<4 { breaker.failed(now: 0) }
        #expect(breaker.failures(now: 59 * second) == 4)
        #expect(breaker.failures(now: 60 * second) == 2)
        #expect(breaker.failures(now: 120 * second) == 1)
        #expect(breaker.failures(now: 100 * 60 * second) == 0)
        // One an hour never opens it.
        for hour in 1..<1000 { breaker.failed(now: Int64(hour) * 3600 * second) }
        #expect(breaker.allows(now: 4_000_000 * second) == true)
    }

    @Test func askingOftenChangesNothing() {
        var often = Breaker()
        var seldom = Breaker()
        for breaker in 0..<4 {
            often.failed(now: Int64(breaker) * 7 * second)
            seldom.failed(now: Int64(breaker) * 7 * second)
        }
        for at in 0..<300 { _ = often.failures(now: Int64(at) * second) }
        #expect(often.failures(now: 301 * second) == seldom.failures(now: 301 * second))
    }
}

@Suite struct BackoffTests {
    @Test func pausesGrowToTheirLimitAndAreSpread() {
        var backoff = Backoff()
        var spans: [Int64] = []
        for _ in 0..<40 { spans.append(backoff.next(random: 0)) }
        #expect(spans.prefix(4) == [250_000_000, 500_000_000, 1_000_000_000, 2_000_000_000])
        #expect(spans.last == 15 * second)
        backoff.reset()
        #expect(backoff.next(random: UInt64.max) < 500_000_000)
    }
}

/// A life in virtual time: directives are noted with their time.
private struct Story {
    var life = PeerLife()
    var now: Int64 = 0
    var done: [(at: Int64, what: PeerLife.Directive)] = []
    var seed: UInt64 = 42

    mutating func tell(_ event: PeerLife.Event) {
        seed = seed &* 6_364_136_223_846_793_005 &+ 1
        for directive in life.handle(event, now: now, random: seed >> 16) { done.append((now, directive)) }
    }

    /// Lets time pass, answering with `react` to what life asks for.
    mutating func run(until end: Int64, _ react: (inout Story, PeerLife.Directive) -> Void = { _, _ in }) {
        while let due = life.wakeAt, due <= end {
            now = max(now, due)
            let before = done.count
            tell(.timer)
            for directive in done[before...].map(\.what) { react(&self, directive) }
        }
        now = end
    }

    func count(_ directive: PeerLife.Directive) -> Int { done.filter { $0.what == directive }.count }
}

@Suite struct PeerLifeTests {
    @Test func aConnectThatTakesTooLongIsCancelled() {
        var story = Story()
        story.tell(.addressKnown)
        story.run(until: 30 * second)
        let waits = zip(story.done, story.done.dropFirst()).filter { $0.0.what == .connect }.map { $1.at - $0.at }
        #expect(waits.prefix(4) == [2 * second, 2 * second, 5 * second, 5 * second])
        #expect(story.done.prefix(4).map(\.what) == [.connect, .cancelConnect, .connect, .cancelConnect])
    }

    @Test func aPeerThatIsAwayForADayIsNotDialledInAFlood() {
        var story = Story()
        story.tell(.addressKnown)
        story.tell(.connectFailed)
        story.run(until: 86_400 * second) { story, directive in
            if directive == .connect { story.tell(.connectFailed) }
        }
        // The breaker lets one through every half minute or so.
        #expect((2_000...3_200).contains(story.count(.connect)), "\(story.count(.connect))")
    }

    @Test func heartbeatsAreAskedAndSilenceEndsTheConnection() {
        for reach in PeerLife.Reach.allCases {
            var story = Story()
            story.tell(.addressKnown)
            story.tell(.connected(reach))
            story.run(until: 10 * reach.heartbeat) { story, directive in if directive == .ping { story.tell(.heard) } }
            #expect((9...12).contains(story.count(.ping)))
            #expect(story.count(.giveUp) == 0)
            story.run(until: 20 * reach.heartbeat)
            #expect(story.count(.giveUp) == 1)
            let silence = story.done.first { $0.what == .giveUp }!.at - 10 * reach.heartbeat
            #expect(silence <= 3 * reach.heartbeat)
        }
    }

    @Test func aLinkThatChangesIsDoubtedForSecondsOnly() {
        var story = Story()
        story.tell(.addressKnown)
        story.tell(.connected(.metered))
        story.run(until: 3 * second) { story, _ in story.tell(.heard) }
        story.tell(.linkChanged)
        #expect(story.done.last!.what == .ping)
        story.run(until: 6 * second)
        #expect(story.done.first { $0.what == .giveUp }?.at == 5 * second)
    }

    @Test func whoIsHeardNearbyIsDialledAtOnceEvenWithTheBreakerOpen() {
        var story = Story()
        story.tell(.addressKnown)
        story.tell(.connectFailed)
        story.run(until: 20 * second) { story, directive in if directive == .connect { story.tell(.connectFailed) } }
        guard case .open = story.life.breaker.state else {
            Issue.record("the breaker is not open")
            return
        }
        story.now = 21 * second
        story.tell(.discovered)
        #expect(story.done.last! == (21 * second, .connect))
    }

    @Test func aFloodOfAnnouncementsMakesOneAttemptASecond() {
        var story = Story()
        story.tell(.addressKnown)
        story.tell(.connectFailed)
        for step in 1...1000 {
            story.now = Int64(step) * 10_000_000
            story.run(until: story.now) { story, directive in if directive == .connect { story.tell(.connectFailed) } }
            let before = story.count(.connect)
            story.tell(.discovered)
            if story.count(.connect) > before { story.tell(.connectFailed) }
        }
        #expect((9...11).contains(story.count(.connect)), "\(story.count(.connect))")
    }

    @Test func aPeerThatCutsEveryConnectionAtOnceIsPausedLikeOneThatIsAway() {
        var story = Story()
        story.tell(.addressKnown)
        story.tell(.connected(.local))
        story.tell(.closed(orderly: false))
        story.run(until: 3600 * second) { story, directive in
            if directive == .connect {
                story.tell(.connected(.local))
                story.tell(.closed(orderly: false))
            }
        }
        #expect(story.count(.connect) < 600, "\(story.count(.connect))")
    }

    @Test func theSameStoryGoesTheSameWay() {
        func tell() -> [Int64] {
            var story = Story()
            story.tell(.addressKnown)
            story.run(until: 600 * second) { story, directive in if directive == .connect { story.tell(.connectFailed) }
            }
            return story.done.map(\.at)
        }
        #expect(tell() == tell())
    }
}
