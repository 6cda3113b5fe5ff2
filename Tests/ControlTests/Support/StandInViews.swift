import Measurements
import Notation
import System

@testable import Control

// What the stand-in shows of itself, in the gateway's shapes.
extension StandIn {
    func status() -> JSON {
        asked += 1
        return [
            "gateway": [
                "name": "Hay barn", "id": "k1", "fingerprint": "f1", "version": "0.1.0", "role": "field", "run": "07",
                "uptime_s": JSON((SystemClock.bootTime - began) / 1_000_000_000 + 93_000),
            ],
            "asked": JSON(asked), "healthy": true,
            "problems": disabled.isEmpty
                ? []
                : [["text": "the barn's thermometer is not recorded", "hint": "switch it on again", "grave": false]],
            "recording": [
                "sensors": 3, "recorded": JSON(3 - disabled.count), "healthy": JSON(3 - disabled.count), "streams": 4,
                "samples": JSON(waves.reduce(0) { $0 + $1.all.count }), "samples_per_second": 191, "overflow": 0,
                "watchers": JSON(viewers.count),
            ],
            "store": [
                "durable": true, "commits": 12, "last_commit_age_ms": 400, "last_commit_took_ms": 3.2, "trouble": nil,
                "used_bytes": 781_000_000, "cap_bytes": 2_147_483_648, "protected_bytes": 156_000_000,
                "replicated_bytes": 420_000_000, "written_bytes_per_day": 91_000_000, "wraps_in_s": 1_200_000,
                "policy": "thin",
            ],
            "clock": ["unix_ms": JSON(SystemClock.unixTime / 1_000_000), "synchronised": true, "error_ms": 12],
            "process": ["resident_bytes": 21_000_000, "anonymous_bytes": 14_000_000, "processor_share": 0.012],
            "components": [
                ["path": "store", "state": "running", "restarts": 0],
                ["path": "sensors/strap", "state": "running", "restarts": 1],
                ["path": "sensors/barn", "state": "running", "restarts": 0],
                ["path": "control", "state": "running", "restarts": 0],
            ],
        ]
    }

    func sensors() -> [JSON] {
        var ids: [String] = []
        for wave in waves where !ids.contains(wave.stream.sensor) { ids.append(wave.stream.sensor) }
        return ids.compactMap { sensor($0) }
    }

    func sensor(_ id: String) -> JSON? {
        let mine = waves.filter { $0.stream.sensor == id }
        guard let first = mine.first else { return nil }
        return [
            "id": JSON(id), "name": JSON(names[id]), "kind": JSON(first.kind), "origin": "simulated",
            "decoder": "stand-in@1", "enabled": JSON(!disabled.contains(id)), "healthy": JSON(!disabled.contains(id)),
            "state": "running", "samples": JSON(mine.reduce(0) { $0 + $1.all.count }),
            "samples_per_second": JSON(mine.reduce(0) { $0 + $1.stream.attribute.nominalRate }), "last_heard_ms": 20,
            "overflow": 0,
            "attributes": .array(
                mine.map { wave in
                    let attribute = wave.stream.attribute
                    return [
                        "name": JSON(attribute.name), "type": JSON(attribute.type), "unit": JSON(attribute.unit),
                        "stream": JSON(wave.stream.number), "rate": JSON(attribute.nominalRate), "value": nil,
                        "components": .array(attribute.components.map { JSON($0) }),
                    ]
                }),
        ]
    }

    func limits() -> JSON { ["limits": [["name": "streams", "used": 4, "most": 4096, "drops": 0]]] }
    func clock() -> JSON { ["settled": true, "error_ms": 12] }
    func store() -> JSON { ["bytes": 1] }
    func streams() -> [JSON] {
        waves.map { ["stream": JSON($0.stream.number), "sensor": JSON($0.stream.sensor)] }
    }

    func gaps(_ question: GapQuestion) throws(Problem) -> [JSON] {
        let from = (began + clockOffset) / 1_000_000 - 40_000
        return [
            [
                "sensor": JSON(question.sensor), "kind": "power", "from_ms": JSON(from), "to_ms": JSON(from + 40_000),
                "lost": 400, "cause": "the box was switched off",
            ]
        ]
    }

    func events(_ question: EventQuestion) -> [JSON] {
        let now = SystemClock.unixTime / 1_000_000
        let rows: [(String, String, String)] = [
            ("notice", "identity", "a new identity was made: MOSS-FERN-3"), ("info", "store", "the ring was opened"),
            ("warning", "sensor", "the strap was not heard for 12 s"),
            ("notice", "clock", "the clock was set by 3.2 s"),
            ("error", "store", "nothing reaches the disk: no space left on device (write)"),
            ("notice", "store", "the disk takes commits again"),
        ]
        return rows.enumerated().reversed().map { index, row in
            [
                "number": JSON(index), "level": JSON(row.0), "kind": JSON(row.1), "message": JSON(row.2),
                "sensor": "", "time_ms": JSON(now - Int64(rows.count - index) * 7_300_000),
            ]
        }
    }

    func configuration() -> JSON { ["text": "control:\n  listen: 127.0.0.1:8087\n"] }
    func health() -> Health { Health(commitsInTime: true, parts: [.init(name: "ring", works: true)]) }
    func metrics() -> [Metric] { [Metric("samples_total", .counter, "Samples taken in.", 5)] }
    func checkConfiguration(_ text: String) -> JSON { ["valid": true] }
    func reloadConfiguration(by who: Principal) throws(Problem) -> JSON { ["changed": []] }
}

extension StandIn {
    /// Runs `work` on the loop and brings back what it says.
    func onLoop<Result>(_ work: @escaping (StandIn) -> Result) -> Result {
        let done = Semaphore()
        nonisolated(unsafe) var result: Result?
        nonisolated(unsafe) let work = work
        loop.post {
            result = work(self)
            done.signal()
        }
        done.wait()
        return result!
    }

    /// Adds samples to a stream at once, as if they had been measured before.
    func backdate(stream: StreamNumber, count: Int) {
        guard let index = waves.firstIndex(where: { $0.stream.number == stream }) else { return }
        var fresh = Samples(of: waves[index].stream.attribute)
        for number in 0..<count {
            fresh.times.append(SystemClock.bootTime + Int64(number))
            for _ in 0..<fresh.width {
                fresh.integers.append(Int64(number))
                fresh.doubles.append(Double(number))
            }
        }
        if case .double = fresh.kind { fresh.integers = [] } else { fresh.doubles = [] }
        append(fresh, to: index)
    }
}
