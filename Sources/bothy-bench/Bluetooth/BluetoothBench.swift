import Decoders
import Glibc
import Links
import Measurements
import Notation
import System

/// Advertisements a second, from the kernel's datagram to samples, beside habluetooth (dispatch alone) and bleparser (values).
enum BluetoothBench {
    static let subject = Subject(
        name: "ble", summary: "advertisements heard and decoded, beside habluetooth and bleparser", run: run)

    /// Counts, and keeps nothing.
    private final class Counter: LinkOwner {
        var samples = 0
        var sensors = 0
        func declare(_: SensorDeclaration, from _: any Link) -> SensorHandle? {
            sensors += 1
            return SensorHandle(index: sensors)
        }
        func deliver(_ readings: Readings, from _: SensorHandle) { samples += readings.entries.count }
        func fault(_: StaticString, detail _: @autoclosure () -> String, sensor _: SensorHandle) {}
        func clockAnchor(unixTime _: Int64, at _: BootTime, errorNs _: Int64, sensor _: SensorHandle) {}
        func state(_: String, healthy _: Bool, sensor _: SensorHandle) {}
        func linkFailed(_: any Link, _: any Error) {}
    }

    /// Two hundred thermometers of three families; the last bytes of each frame are to change from turn to turn.
    private static func frames() -> [(address: UInt64, data: [UInt8])] {
        let kinds = [
            "0201061bff99040512fc5394c37c0004fffc040cac364200cdcbb8334c884f", "0201060b16d2fc40000902ca0903bf13",
            "02010612161a1834127838c1a46608e1109c0b640705",
        ].compactMap { Hex.decode($0) }
        return (0..<200).map { (0xCBB8_334C_0000 + UInt64($0), kinds[$0 % kinds.count]) }
    }

    /// An event 0x002F of the management channel.
    private static func datagram(_ address: UInt64, _ data: [UInt8]) -> [UInt8] {
        let body = 2 + 7 + 1 + 4 + 2 + data.count
        var out: [UInt8] = [0x2F, 0, 0, 0, UInt8(body), 0, 0, 0]
        for place in 0..<6 { out.append(UInt8(truncatingIfNeeded: address >> (8 * UInt64(place)))) }
        return out + [2, 0xC4, 0, 0, 0, 0, UInt8(data.count), 0] + data
    }

    private static func library(_ folder: String) throws -> DecoderLibrary {
        DecoderLibrary(
            try ["ruuvitag.json", "bthome.json", "atc.json", "xiaomi.json", "govee.json"].map {
                ($0, try Files.read("\(folder)/\($0)"))
            })
    }

    private static func link(adopt: Bool, _ library: DecoderLibrary) throws -> BluetoothLink {
        var settings = BluetoothSettings()
        if adopt { settings.adopted = frames().map { .init(address: BluetoothAddress($0.address, .random)) } }
        return BluetoothLink(
            loop: try Loop(name: "bench"), settings: settings, library: library, radio: DirectRadio(),
            keeper: ForgetfulKeeper())
    }

    /// Advertisements a second, and samples made of them.
    private static func rate(adopt: Bool, _ library: DecoderLibrary, seconds: Double) throws -> (Double, Int, Int) {
        let link = try link(adopt: adopt, library)
        let counter = Counter()
        var datagrams = frames().map { datagram($0.address, $0.data) }
        let numbered = [22 + 24, 22 + 9, 22 + 20]
        let begun = SystemClock.bootTime
        let end = begun + Int64(seconds * 1e9)
        var done = 0
        var turn: UInt8 = 0
        while SystemClock.bootTime < end {
            turn &+= 1
            for place in datagrams.indices {
                // The sequence number, or what stands for one: every frame is new.
                datagrams[place][numbered[place % 3]] = turn
                datagrams[place].withUnsafeBytes { link.replay($0, to: counter) }
            }
            done += datagrams.count
        }
        return (Double(done) / (Double(SystemClock.bootTime - begun) / 1e9), done, counter.samples)
    }

    private static func run(_ options: Options) throws -> Report {
        let folder = options["decoders"] ?? "Config/decoders"
        let seconds = options.tiny ? 0.05 : 3
        let library = try library(folder)
        var heard: [Double] = []
        var decoded: [Double] = []
        var samplesEach = 0.0
        for _ in 0..<(options.tiny ? 1 : 5) {
            heard.append(try rate(adopt: false, library, seconds: seconds).0)
            let (rate, frames, samples) = try rate(adopt: true, library, seconds: seconds)
            decoded.append(rate)
            samplesEach = Double(samples) / Double(frames)
        }
        let theirs = options.tiny ? [:] : try foreign(options["python"] ?? "Tests/peers/python")
        let (ours, values) = (median(heard), median(decoded))
        func row(_ name: String, _ rate: Double, _ against: Double?) -> [String] {
            [name, spelled(rate, places: 0), against.map { "\(spelled(rate / $0, places: 2)) ×" } ?? ""]
        }
        var rows = [["", "a second", "against"]]
        rows.append(row("bothy, heard and noted", ours, theirs["habluetooth"]))
        if let rate = theirs["habluetooth"] { rows.append(row("habluetooth, dispatched", rate, nil)) }
        rows.append(row("bothy, decoded and delivered", values, theirs["bleparser"]))
        if let rate = theirs["bleparser"] { rows.append(row("bleparser, values", rate, nil)) }
        let share = 1000 / values * 100
        rows.append(["CPU at 1,000 a second, all decoded", "\(spelled(share, places: 2)) %", ""])
        rows.append(["resident memory", "\(spelled(residentMiB(), places: 1)) MiB", ""])
        rows.append(["samples an advertisement", spelled(samplesEach, places: 2), ""])
        let raw: JSON = [
            "heard_per_second": .array(heard.map { JSON($0) }), "decoded_per_second": .array(decoded.map { JSON($0) }),
            "peers": .object(theirs.sorted { $0.key < $1.key }.map { JSON.Member($0.key, JSON($0.value)) }),
            "cpu_percent_at_1000": JSON(share), "resident_mib": JSON(residentMiB()),
        ]
        return Report(table: aligned(rows), raw: raw)
    }

    private static func residentMiB() -> Double {
        let fields = (try? Files.read("/proc/self/statm")).map {
            String(decoding: $0, as: UTF8.self).split(separator: " ")
        }
        return Double(fields.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0) * 4096 / 1_048_576
    }

    /// The same advertisements through the others, in the same run.
    private static func foreign(_ python: String) throws -> [String: Double] {
        let file = "/tmp/bothy-bench-ble-\(getpid()).txt"
        defer { unlink(file) }
        let lines = frames().map { "\(BluetoothAddress($0.address, .random)) -60 \(Hex.encode($0.data))\n" }.joined()
        try Files.write(Array(lines.utf8), to: file)
        guard let pipe = popen("\(python) Tests/peers/ble_rates.py \(file) 5 2>/dev/null", "r") else {
            throw Options.Wrong(description: "no \(python)")
        }
        var output: [UInt8] = []
        var byte = fgetc(pipe)
        while byte != EOF {
            output.append(UInt8(truncatingIfNeeded: byte))
            byte = fgetc(pipe)
        }
        guard pclose(pipe) == 0, let found = try JSONReader.read(output).object else {
            throw Options.Wrong(description: "the peers did not answer: run Tests/peers/setup")
        }
        return Dictionary(uniqueKeysWithValues: found.map { ($0.key, $0.value.double ?? 0) })
    }
}
