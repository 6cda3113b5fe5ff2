import Hashing
import Measurements
import Replication
import Simulator
import Testing

/// Whatever happens on the way, afterwards everybody has everything, once.
@Suite struct WorldTests {
    /// Runs until nothing is missing; how long that took, or nil.
    static func settle(_ world: inout World, within seconds: Int) -> Int? {
        for second in 0..<seconds {
            if world.missing() == 0 { return second }
            world.run(for: 1_000_000_000)
        }
        return world.missing() == 0 ? seconds : nil
    }

    @Test(arguments: TestRun.seeds(debug: 3, release: 50, long: 500)) func twoGateways(seed: UInt64) {
        var world = World(count: 2, seed: seed, weather: .fair)
        for _ in 0..<5 { world.seal(0); world.seal(1) }
        world.connect(0, 1)
        let took = WorldTests.settle(&world, within: 20)
        #expect(took != nil && world.duplicates == 0 && world.cutOffs.isEmpty, "seed \(seed)")
    }

    /// The simulation: thirty nodes, all weathers, crashes, cut links, liars.
    @Test(arguments: TestRun.seeds(debug: 4, release: 100, long: 2000)) func thirtyNodesInAnyWeather(seed: UInt64) {
        var world = World(count: 30, streams: 1, seed: seed, weather: .foul, hubs: 2, liars: Int(seed % 4))
        WorldTests.storm(&world, seals: 12, crashes: 6, cuts: 10)
        let took = WorldTests.settle(&world, within: 300)
        #expect(took != nil, "seed \(seed): \(world.missing()) missing")
        #expect(world.duplicates == 0, "seed \(seed)")
        #expect(world.forks == 0, "seed \(seed)")
    }

    @Test(.enabled(if: TestRun.isLong)) func aThousandNodes() {
        var world = World(count: 1000, streams: 1, seed: 1, weather: .foul, hubs: 2, liars: 10)
        WorldTests.storm(&world, seals: 20, crashes: 20, cuts: 10)
        let took = WorldTests.settle(&world, within: 600)
        #expect(took != nil, "\(world.missing()) missing")
        #expect(world.duplicates == 0)
    }

    static func storm(_ world: inout World, seals: Int, crashes: Int, cuts: Int) {
        let count = world.nodes.count
        world.join(chords: count / 2)
        let honest = world.nodes.filter { !$0.isLiar }.count
        for _ in 0..<seals {
            let node = Int.random(in: 0..<honest, using: &world.simulation.random)
            world.simulation.schedule(
                .seal(node), after: Int64.random(in: 0..<20, using: &world.simulation.random) * 1_000_000_000)
        }
        for _ in 0..<crashes {
            let node = Int.random(in: 0..<count, using: &world.simulation.random)
            world.simulation.schedule(
                .crash(node), after: Int64.random(in: 0..<20_000_000_000, using: &world.simulation.random))
        }
        for _ in 0..<cuts {
            world.run(for: 2_000_000_000)
            if let (a, b) = world.neighbours.randomElement(using: &world.simulation.random) {
                world.cut(a, b)
                world.simulation.schedule(.connect(a, b), after: 3_000_000_000)
            }
        }
        world.network.weather = .fair
    }
}
