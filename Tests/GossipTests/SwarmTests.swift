import Gossip
import Hashing
import Simulator
import Testing

/// iroh-gossip's own bars, met in a simulated swarm: few hops, few copies, nothing missed.
@Suite struct SwarmTests {
    static let seeds = TestRun.seeds(debug: 3, release: 20, long: 200)

    func content(_ text: String) -> [UInt8] { Array(text.utf8) }

    @Test(arguments: seeds) func aHundredMembersHearOneSender(seed: UInt64) {
        var swarm = Swarm(count: 100, seed: seed)
        swarm.bootstrap()
        let sender = Int.random(in: 0..<100, using: &swarm.simulation.random)
        let rounds = (0..<20).map { swarm.round([(sender, content("message \($0)"))]) }
        let redundancy = rounds.map(\.redundancy).reduce(0, +) / 20
        let lastHop = Double(rounds.map(\.lastHop).reduce(0, +)) / 20
        #expect(rounds.allSatisfy { $0.missed == 0 && $0.twice == 0 }, "seed \(seed)")
        #expect(redundancy < 0.2, "seed \(seed)")
        #expect(lastHop < 15, "seed \(seed)")
    }

    @Test(arguments: seeds) func aHundredMembersHearMany(seed: UInt64) {
        var swarm = Swarm(count: 100, seed: seed)
        swarm.bootstrap()
        let rounds = (0..<20).map { round in
            swarm.round([(Int.random(in: 0..<100, using: &swarm.simulation.random), content("message \(round)"))])
        }
        let redundancy = rounds.map(\.redundancy).reduce(0, +) / 20
        #expect(rounds.allSatisfy { $0.missed == 0 && $0.twice == 0 }, "seed \(seed)")
        #expect(redundancy < 1, "seed \(seed)")
        #expect(Double(rounds.map(\.lastHop).reduce(0, +)) / 20 < 15, "seed \(seed)")
    }

    @Test(arguments: seeds) func aBurstOfAllMembers(seed: UInt64) {
        var swarm = Swarm(count: 50, seed: seed)
        swarm.bootstrap()
        let rounds = (0..<3).map { round in
            swarm.round((0..<50).map { ($0, content("\(round) of \($0)")) })
        }
        #expect(rounds.allSatisfy { $0.missed == 0 && $0.twice == 0 }, "seed \(seed)")
        #expect(rounds.map(\.redundancy).reduce(0, +) / 3 < 3, "seed \(seed)")
    }

    /// A fifth dies at once, others come back, and a minute later everybody hears everything again.
    @Test(arguments: seeds) func theSwarmHealsAfterCrashes(seed: UInt64) {
        var swarm = Swarm(count: 60, seed: seed)
        swarm.bootstrap(through: 3)
        for index in 40..<52 { swarm.crash(index) }
        swarm.run(for: 30_000_000_000)
        for index in 40..<46 { swarm.restart(index, through: index - 40) }
        swarm.run(for: 130_000_000_000)
        let round = swarm.round([(1, content("after the storm")), (41, content("from one who is back"))])
        #expect(round.missed == 0 && round.twice == 0, "seed \(seed)")
        for topic in swarm.members.compactMap({ $0 }) { #expect(!topic.neighbours.isEmpty, "seed \(seed)") }
    }

    @Test func theSameSeedIsTheSameRun() {
        func steps() -> Int {
            var swarm = Swarm(count: 30, seed: 7)
            swarm.bootstrap()
            _ = swarm.round([(3, content("once more"))])
            return swarm.simulation.steps
        }
        #expect(steps() == steps())
    }

    /// What the judge refuses stops at the first honest member, and its sender is named.
    @Test func aForgedMessageGoesNoFurther() {
        var swarm = Swarm(count: 20, seed: 1) { $0.first == 0 ? .refuse("no signature") : .pass }
        swarm.bootstrap()
        let round = swarm.round([(5, [0, 1, 2])])
        #expect(round.deliveries == 0)
        #expect(swarm.refusals > 0 && swarm.refusals <= 5)
    }
}
