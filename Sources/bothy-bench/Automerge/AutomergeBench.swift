import Automerge
import Glibc
import Hashing
import Notation

/// Documents against the Rust core, two versions of it, and against Loro on the text trace; all through what Python
/// programs see of them, less what an empty call through Python costs.
enum AutomergeBench {
    static let subject = Subject(
        name: "automerge",
        summary: "documents beside the Rust core and Loro, in one run: --rounds N, --edits N, --peers no",
        run: run)

    struct Sizes {
        var edits = 260_000
        var puts = 100_000
        var forkChanges = 10_000
    }

    static let lines = [
        "text trace", "map puts", "list pushes", "save the trace", "load, one change an edit",
        "save, one change an edit",
        "merge of forks", "sync of forks",
    ]
    static let figures = [
        "size of the trace", "size, one change an edit", "sync messages", "sync bytes", "memory an op",
        "memory an op, one change each", "memory an op, one change each, loaded", "resident an op, loaded",
    ]

    static func run(_ options: Options) throws -> Report {
        var sizes = Sizes()
        if options.tiny { sizes = Sizes(edits: 2_000, puts: 500, forkChanges: 100) }
        if let edits = options["edits"].flatMap(Int.init) { sizes.edits = edits }
        let rounds = options.tiny ? 1 : options["rounds"].flatMap(Int.init) ?? 3
        var own = OwnRuns(sizes)
        try own.prepare()
        // Half of our runs before the others' and half after, so that a busy minute is not all ours or all theirs.
        for _ in 0..<rounds { try own.run() }
        var peers: [(name: String, result: JSON)] = []
        if !options.tiny, options["peers"] != "no" {
            let folder = "/tmp/bothy-bench-automerge"
            mkdir(folder, 0o755)
            try Files.write(own.trace.lines, to: "\(folder)/trace")
            try Files.write(own.long, to: "\(folder)/long")
            for (index, fork) in own.forks.enumerated() { try Files.write(fork, to: "\(folder)/fork\(index)") }
            for (name, script) in [
                ("core 0.7.2", "bench_automerge.py newer"), ("core 0.5.7", "bench_automerge.py older"),
                ("loro", "bench_loro.py"),
            ] {
                peers.append(
                    (name, try ask("Tests/peers/python Tests/peers/\(script) \(folder) \(rounds) \(sizes.puts)")))
            }
            for _ in 0..<rounds { try own.run() }
        }
        return report(own, peers, tiny: options.tiny)
    }

    /// What a command prints, as JSON.
    private static func ask(_ command: String) throws -> JSON {
        guard let pipe = popen(command, "r") else { throw Options.Wrong(description: "cannot run \(command)") }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while case let count = fread(&chunk, 1, chunk.count, pipe), count > 0 { bytes += chunk[..<count] }
        guard pclose(pipe) == 0 else {
            throw Options.Wrong(description: "\(command) failed: has Tests/peers/setup been run?")
        }
        return try JSONReader.read(bytes)
    }

    private static func report(_ own: OwnRuns, _ peers: [(name: String, result: JSON)], tiny: Bool) -> Report {
        if tiny {
            var outcome = own.long + own.forks[0] + own.forks[1]
            outcome += "\(own.figures["outcome"] ?? 0) \(own.figures["sync bytes"] ?? 0)".utf8
            return Report(table: Hex.encode(SHA256.hash(outcome).bytes), raw: raw(own, peers))
        }
        var rows = [["milliseconds", "bothy"] + peers.flatMap { [$0.name, "ratio"] }]
        for line in lines {
            let ours = median(own.seconds[line] ?? [0])
            var row = [line, spelled(ours * 1e3, places: 1)]
            for peer in peers {
                let theirs = net(line, peer.result)
                row += theirs.map { [spelled($0 * 1e3, places: 1), spelled(ours / $0, places: 3)] } ?? ["–", "–"]
            }
            rows.append(row)
        }
        rows.append(["an empty call, µs", "–"])
        for peer in peers {
            rows[rows.count - 1] += [spelled((peer.result["call"]?.double ?? 0) * 1e6, places: 3), "–"]
        }
        for figure in figures {
            var row = [figure, own.figures[figure].map { spelled($0, places: 1) } ?? "–"]
            for peer in peers {
                let theirs = peer.result["figures"]?[figure]?.double
                row.append(theirs.map { spelled($0, places: 1) } ?? "–")
                row.append(
                    theirs.flatMap { theirs in own.figures[figure].map { spelled($0 / theirs, places: 3) } } ?? "–")
            }
            rows.append(row)
        }
        return Report(table: aligned(rows), raw: raw(own, peers))
    }

    /// The peer's seconds, less what its calls through Python cost.
    private static func net(_ line: String, _ result: JSON) -> Double? {
        guard let runs = result["seconds"]?[line]?.array?.compactMap(\.double), !runs.isEmpty else { return nil }
        let calls = result["calls"]?[line]?.double ?? 0
        return max(median(runs) - calls * (result["call"]?.double ?? 0), 1e-9)
    }

    private static func raw(_ own: OwnRuns, _ peers: [(name: String, result: JSON)]) -> JSON {
        let seconds = own.seconds.sorted { $0.key < $1.key }.map {
            JSON.Member($0.key, .array($0.value.map { .double($0) }))
        }
        let figures = own.figures.sorted { $0.key < $1.key }.map { JSON.Member($0.key, .double($0.value)) }
        return .object(
            [.init("bothy", ["seconds": .object(seconds), "figures": .object(figures)])]
                + peers.map { .init($0.name, $0.result) })
    }
}
