import Measurements
import Notation
import System

@testable import Control

// What the stand-in shows of itself.
extension StandIn {
    func status() -> JSON {
        asked += 1
        return ["state": "running", "asked": .init(asked)]
    }
    func limits() -> JSON { ["streams": 4096] }
    func clock() -> JSON { ["settled": true, "error_ms": 12] }
    func store() -> JSON { ["bytes": 1] }
    func sensor(_ id: String) -> JSON? {
        guard let wave = waves.first(where: { $0.stream.sensor == id }) else { return nil }
        return [
            "id": JSON(id), "name": JSON(names[id]), "kind": JSON(wave.kind), "enabled": JSON(!disabled.contains(id)),
            "attributes": .array(
                waves.filter { $0.stream.sensor == id }.map { ["name": JSON($0.stream.attribute.name)] }),
        ]
    }
    func streams() -> [JSON] { waves.map { ["stream": JSON($0.stream.number), "sensor": JSON($0.stream.sensor)] } }
    func gaps(_ question: GapQuestion) throws(Problem) -> [JSON] { [] }
    func events(_ question: EventQuestion) -> [JSON] { [["kind": "started", "sentence": "the gateway started"]] }
    func configuration() -> JSON { ["text": "control:\n  listen: 127.0.0.1:8087\n"] }
    func health() -> Health { Health(commitsInTime: true, parts: [.init(name: "ring", works: true)]) }
    func metrics() -> [Metric] { [Metric("samples_total", .counter, "Samples taken in.", 5)] }
    func checkConfiguration(_ text: String) -> JSON { ["valid": true] }
    func reloadConfiguration(by who: Principal) throws(Problem) -> JSON { ["changed": []] }
    func backUp(by who: Principal) throws(Problem) -> JSON { ["path": "x"] }
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
