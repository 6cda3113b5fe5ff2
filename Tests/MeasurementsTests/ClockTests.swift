import Hashing
import Testing

@testable import Measurements

@Suite("Wall time is a mapping of each boot, with a bound")
struct ClockTests {
    static let second: Int64 = 1_000_000_000
    static let epoch: UnixTime = 1_790_000_000 * second

    func boot(_ number: UInt64) -> BootID { BootID(high: 0, low: number) }

    func anchor(
        _ source: ClockAnchor.Source, at seconds: Int64, offset: Int64 = ClockTests.epoch, error: UInt64 = 50_000_000,
        boot: BootID = BootID(high: 0, low: 1), witness: String = ""
    ) -> ClockAnchor {
        let time = seconds * Self.second
        return ClockAnchor(
            boot: boot, time: time, wall: time + offset, errorNs: error, source: source, witness: witness)
    }

    @Test("A boot in 1970 is provisional until the system clock is synchronised, then it is mapped backwards")
    func boot1970() {
        var mapping = ClockMapping(boot: boot(1))
        mapping.add(anchor(.unsynchronised, at: 5, offset: 0))
        let early = mapping.wallTime(of: 4 * Self.second, now: 6 * Self.second)
        #expect(early?.unixNs == 4 * Self.second)
        #expect(early?.quality == .provisional)
        #expect(early?.errorNs == .max)
        mapping.add(anchor(.system, at: 100))
        let mapped = mapping.wallTime(of: 4 * Self.second, now: 100 * Self.second)
        #expect(mapped?.unixNs == 4 * Self.second + Self.epoch)
        #expect(mapped?.quality == .provisional)
        // 50 ms and 100 ppm of 96 seconds.
        #expect((59_600_000...59_700_000).contains(mapped?.errorNs ?? 0))
        #expect(mapping.wallTime(of: 4 * Self.second, now: 701 * Self.second)?.quality == .settled)
    }

    @Test("A plausible saved time is not believed")
    func savedTime() {
        var mapping = ClockMapping(boot: boot(1))
        mapping.add(anchor(.unsynchronised, at: 5, offset: Self.epoch - 3_600 * Self.second))
        #expect(mapping.isPlaced == false)
        #expect(mapping.wallTime(of: 5 * Self.second, now: 9_000 * Self.second)?.quality == .provisional)
    }

    @Test("A step of a synchronised clock begins a segment, either way, and between them either may hold")
    func steps() throws {
        for step in [Self.second, -5 * Self.second] {
            var mapping = ClockMapping(boot: boot(1))
            mapping.add(anchor(.system, at: 100))
            mapping.add(anchor(.system, at: 200))
            #expect(mapping.add(anchor(.system, at: 300, offset: Self.epoch + step)) == nil)
            let now = 1_000 * Self.second
            #expect(mapping.wallTime(of: 150 * Self.second, now: now)?.unixNs == 150 * Self.second + Self.epoch)
            let after = mapping.wallTime(of: 310 * Self.second, now: now)
            #expect(after?.unixNs == 310 * Self.second + Self.epoch + step)
            let between = try #require(mapping.wallTime(of: 250 * Self.second, now: now))
            #expect(between.errorNs >= UInt64(abs(step) / 2))
        }
    }

    @Test("GPS, peers and phones intersect; the one that lies is outvoted; none moves a synchronised clock")
    func marzullo() {
        var mapping = ClockMapping(boot: boot(1))
        mapping.add(anchor(.phone, at: 10, offset: Self.epoch + 90 * Self.second, error: 1_000_000_000))
        mapping.add(anchor(.peer, at: 20, offset: Self.epoch + 200_000_000, error: 300_000_000))
        let correction = mapping.add(anchor(.gps, at: 30, error: 100_000_000))
        #expect(correction != nil, "the phone was believed before")
        let wall = mapping.wallTime(of: 30 * Self.second, now: 31 * Self.second)
        #expect(abs((wall?.unixNs ?? 0) - 30 * Self.second - Self.epoch) <= 100_000_000)
        #expect(wall?.errorNs ?? .max <= 110_000_000)
        mapping.add(anchor(.system, at: 40, offset: Self.epoch + 10 * Self.second))
        mapping.add(anchor(.gps, at: 50))
        let moved = mapping.wallTime(of: 50 * Self.second, now: 50 * Self.second)
        #expect(moved?.unixNs == 60 * Self.second + Self.epoch)
    }

    @Test("A hardware clock is not believed to better than two seconds")
    func hardware() {
        var mapping = ClockMapping(boot: boot(1))
        mapping.add(anchor(.hardware, at: 0, error: 0))
        #expect(mapping.wallTime(of: 0, now: 0)?.errorNs ?? 0 >= 2_000_000_000)
        #expect(mapping.wallTime(of: 0, now: 3_600 * Self.second)?.quality == .provisional)
    }

    @Test("The order in which anchors arrive does not matter, and the truth is always within the bound")
    func orderAndBound() {
        var random = Seeded(seed)
        for round in 0..<40 {
            // A boot clock that drifts by up to 80 ppm, and anchors that err by no more than they say.
            let drift = Int64.random(in: -80...80, using: &random)
            var anchors: [ClockAnchor] = []
            for _ in 0..<Int.random(in: 1...30, using: &random) {
                let at = Int64.random(in: 0...86_400, using: &random)
                let error = Int64.random(in: 1_000...400_000_000, using: &random)
                let truth = Self.epoch + at * drift * 1_000
                let offset = truth + Int64.random(in: -error...error, using: &random)
                anchors.append(anchor(.gps, at: at, offset: offset, error: UInt64(error), witness: "\(at)"))
            }
            var (one, two) = (ClockMapping(boot: boot(1)), ClockMapping(boot: boot(1)))
            for anchor in anchors { one.add(anchor) }
            for anchor in anchors.shuffled(using: &random) { two.add(anchor) }
            for at in stride(from: Int64(0), through: 86_400, by: 1_234) {
                let time = at * Self.second
                let wall = one.wallTime(of: time, now: time)
                #expect(wall == two.wallTime(of: time, now: time))
                let truth = time + Self.epoch + at * drift * 1_000
                #expect(abs((wall?.unixNs ?? 0) - truth) <= Int64(wall?.errorNs ?? 0), "round \(round), seed \(seed)")
            }
        }
    }

    @Test("Anchors of a hundred days do not grow the mapping without bound")
    func bounded() {
        var mapping = ClockMapping(boot: boot(1))
        for index in 0..<3_000 { mapping.add(anchor(.system, at: Int64(index) * 600)) }
        let time = 900_000 * Self.second
        #expect(mapping.wallTime(of: time, now: time)?.unixNs == time + Self.epoch)
        #expect(mapping.wallTime(of: time, now: time)?.errorNs ?? .max < 1_000_000_000)
    }

    @Test("Extreme anchors are ignored or bounded, never a trap")
    func extremes() {
        var mapping = ClockMapping(boot: boot(1))
        for time in [Int64.min, -1, 0, .max] {
            for wall in [Int64.min, 0, .max] {
                for error in [0, UInt64.max] {
                    for source in ClockAnchor.Source.allCases {
                        mapping.add(
                            ClockAnchor(boot: boot(1), time: time, wall: wall, errorNs: error, source: source))
                    }
                }
            }
        }
        for time in [Int64.min, -1, 0, .max] { _ = mapping.wallTime(of: time, now: time) }
    }

    @Test("A boot that nobody told the time lies between its neighbours, until a person places it")
    func unplaced() throws {
        var chain = BootChain()
        for number in 1...3 {
            chain.add(
                RunOpen(
                    gateway: Sketch.gateway, run: RunID(high: 0, low: UInt64(number)), ordinal: UInt64(number),
                    previousRun: .none, previousSeal: .zero, boot: boot(UInt64(number)), opened: 10 * Self.second,
                    hardware: .zero, version: "1"))
        }
        chain.add(anchor(.system, at: 1_000))
        chain.extend(boot(2), to: 500 * Self.second)
        // An hour later.
        chain.add(anchor(.system, at: 20, offset: Self.epoch + 4_600 * Self.second, boot: boot(3)))
        let wall = try #require(chain.wallTime(of: 10 * Self.second, in: boot(2)))
        #expect(wall.quality == .unplaced)
        // Between 1,000 s and 4,610 s less the 490 s that the boot lasted.
        let middle = Self.epoch + (1_000 + 4_610 - 490) / 2 * Self.second
        #expect(abs(wall.unixNs - middle) < Self.second)
        #expect(wall.errorNs < 1_561 * 1_000_000_000)
        chain.add(anchor(.manual, at: 10, offset: Self.epoch + 2_000 * Self.second, boot: boot(2), witness: "ada"))
        chain.end(boot(2))
        let placed = try #require(chain.wallTime(of: 10 * Self.second, in: boot(2)))
        #expect(placed.unixNs == Self.epoch + 2_010 * Self.second)
        #expect(placed.quality == .settled)
    }
}
