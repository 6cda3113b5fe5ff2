import Decoders
import Glibc
import Links
import Measurements
import Notation
import System

/// Frames from serial ports: decoded a second beside the usual Python libraries, and what twenty ports cost.
enum SerialBench {
    static let subject = Subject(
        name: "serial", summary: "frames a second beside pynmeagps, pymodbus, smllib; CPU at 20 ports", run: run)

    private static func run(_ options: Options) throws -> Report {
        let seconds = options.tiny ? 0.02 : Double(options["seconds"] ?? "1") ?? 1
        let frames = try SerialFrames(samples: options["samples"] ?? "Tests/samples/sml.txt")
        var ours: [String: [Double]] = [:]
        for _ in 0..<(options.tiny ? 1 : 5) {
            for (name, rate) in [
                ("nmea", stream(.nmea([]), frames.nmea, seconds)), ("sml", stream(.sml, frames.sml, seconds)),
                ("modbus", modbus(frames.modbus, seconds)),
            ] { ours[name, default: []].append(rate) }
        }
        if options.tiny { return Report(table: "serial \(frames.digest)", raw: .null) }
        let theirs = try peers(frames, seconds)
        let (share, delivered) = try ports(20, seconds: 5)
        var rows = [["", "bothy frames/s", "beside", "frames/s", "times"]]
        for (name, other) in [("nmea", "pynmeagps"), ("modbus", "pymodbus"), ("sml", "smllib")] {
            let (mine, their) = (median(ours[name] ?? [0]), theirs[name]?.double ?? .nan)
            rows.append([
                name, spelled(mine, places: 0), other, spelled(their, places: 0), spelled(mine / their, places: 0),
            ])
        }
        let load =
            "20 ports, 60 sentences/s each: \(spelled(100 * share, places: 2)) % of a core, \(delivered) sentences"
        return Report(
            table: aligned(rows) + "\n" + load,
            raw: [
                "ours": .object(ours.map { .init($0.key, .array($0.value.map { .double($0) })) }), "theirs": theirs,
                "cpu_share_at_20_ports": .double(share), "sentences_at_20_ports": .integer(Int64(delivered)),
            ])
    }

    private static func now() -> Double { Double(SystemClock.bootTime) / 1e9 }

    private static func stream(_ kind: SerialProtocol, _ frames: [[UInt8]], _ seconds: Double) -> Double {
        let bytes = frames.flatMap { $0 }
        var decoder = StreamDecoder(kind)
        var readings = Readings()
        let begun = now()
        while now() - begun < seconds {
            // As a port hands them over: a few hundred bytes at a time.
            bytes.withUnsafeBytes { all in
                var at = 0
                while at < all.count {
                    let end = min(all.count, at + 512)
                    decoder.feed(UnsafeRawBufferPointer(rebasing: all[at..<end]), at: 1, into: &readings)
                    readings.removeAll()
                    at = end
                }
            }
        }
        return Double(decoder.frames) / (now() - begun)
    }

    /// Requests answered a second, in virtual time: asking, finding the answer, its values.
    private static func modbus(_ answers: [[UInt8]], _ seconds: Double) -> Double {
        let text = """
            {"decoder": "m", "version": 1, "attributes": [{"name": "v", "kind": "double"}],
             "serial": {"modbus": {"every_ms": 20, "registers": [
              {"attribute": "v", "table": "holding", "address": 0, "type": "f32be"},
              {"attribute": "v", "table": "holding", "address": 2, "type": "f32be"}]}}}
            """
        guard let registers = DecoderLibrary([("m", Array(text.utf8))]).descriptions.first?.serial?.modbus?.registers
        else {
            return 0
        }
        var master = ModbusMaster(units: [.init(address: 1, registers: registers)], timing: .init(), now: 0)
        var readings = Readings()
        var (time, count): (Int64, Int) = (0, 0)
        let begun = now()
        while now() - begun < seconds {
            for answer in answers {
                time += 100_000_000
                _ = master.wake(now: time)
                _ = answer.withUnsafeBytes { master.receive($0, now: time + 1, into: &readings) }
                count += readings.entries.count / 2
                readings.removeAll()
                time += 100_000_000
                _ = master.wake(now: time)
            }
        }
        return Double(count) / (now() - begun)
    }

    private static func peers(_ frames: SerialFrames, _ seconds: Double) throws -> JSON {
        var command = "Tests/peers/python Tests/peers/serial_bench.py \(seconds)"
        for (name, list) in [("nmea", frames.nmea), ("modbus", frames.modbus), ("sml", frames.sml)] {
            let path = "/tmp/bothy-bench-\(getpid())-\(name)"
            try Files.write(Array(list.map { Hex.encode($0) }.joined(separator: "\n").utf8), to: path)
            command += " " + path
        }
        guard let pipe = popen(command + " 2>/dev/null", "r") else {
            throw Options.Wrong(description: "no Python peers")
        }
        defer { pclose(pipe) }
        var line = [CChar](repeating: 0, count: 4_096)
        guard fgets(&line, 4_096, pipe) != nil else {
            throw Options.Wrong(description: "the peers said nothing: run Tests/peers/setup")
        }
        return try JSONReader.read(line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) })
    }
}
