import Decoders
import Foundation
import Links
import Measurements
import Testing

/// pymodbus as four units on one line: word orders, exceptions, late answers, units that are not there.
@Suite(.serialized) struct ModbusPeerTests {
    static let meter = """
        {"decoder": "meter", "version": 1, "attributes": [
          {"name": "small", "scale": -1}, {"name": "abcd", "kind": "double"}, {"name": "cdab", "kind": "double"},
          {"name": "badc", "kind": "double"}, {"name": "dcba", "kind": "double"}, {"name": "long"}, {"name": "huge"},
          {"name": "wide", "kind": "double"}, {"name": "word", "kind": "text"}, {"name": "input"},
          {"name": "on", "kind": "boolean"}, {"name": "off", "kind": "boolean"}],
         "serial": {"modbus": {"every_ms": 200, "registers": [
          {"attribute": "small", "table": "holding", "address": 0, "type": "i16be"},
          {"attribute": "abcd", "table": "holding", "address": 1, "type": "f32be"},
          {"attribute": "cdab", "table": "holding", "address": 3, "type": "f32be", "order": "cdab"},
          {"attribute": "badc", "table": "holding", "address": 5, "type": "f32be", "order": "badc"},
          {"attribute": "dcba", "table": "holding", "address": 7, "type": "f32be", "order": "dcba"},
          {"attribute": "long", "table": "holding", "address": 9, "type": "i32be"},
          {"attribute": "huge", "table": "holding", "address": 11, "type": "i64be"},
          {"attribute": "wide", "table": "holding", "address": 15, "type": "f64be"},
          {"attribute": "word", "table": "holding", "address": 20, "type": "text", "count": 6},
          {"attribute": "input", "table": "input", "address": 3, "type": "u16be"},
          {"attribute": "on", "table": "coil", "address": 3},
          {"attribute": "off", "table": "discrete", "address": 4}]}}}
        """

    @Test func unitsOfEveryKind() throws {
        let cable = try Cable()
        defer { cable.cut() }
        let device = try Device(["modbus", cable.there])
        defer { device.stop() }
        let library = DecoderLibrary([("meter.json", Array(Self.meter.utf8))])
        #expect(library.errors.isEmpty, "\(library.errors)")
        let units = [1, 2, 3, 4, 5, 9].map { (unit: Int) in
            SerialSensorSettings(id: "u\(unit)", decoder: "meter", unit: unit)
        }
        let running = try Running(
            SerialPortSettings(port: cable.here, kind: .modbus, sensors: units, answerMs: 400, retries: 1),
            library: library)
        defer { running.stop() }
        let witness = running.witness
        #expect(witness.until { seen in [1, 2, 3, 4].allSatisfy { seen.values["u\($0)"]?["word"]?.isEmpty == false } })
        // Unit 5 is silent; for 9 the other end answers that it is not there.
        #expect(witness.until { $0.states["u5"]?.contains("does not answer") == true })
        #expect(witness.until { $0.faults["u9"]?["modbus_exceptions"] != nil })
        #expect(witness.until { seen in [1, 2, 3, 4].allSatisfy { seen.values["u\($0)"]?.count == 12 } })
        let seen = witness.seen.withLock { $0 }
        for unit in 1...4 {
            let values = seen.values["u\(unit)"] ?? [:]
            #expect(values["small"]?.first == .integer(Int64(-10 * unit)))
            for order in ["abcd", "cdab", "badc", "dcba"] {
                #expect(values[order]?.first == .double(20.5 + Double(unit)), "\(order)")
            }
            #expect(values["long"]?.first == .integer(Int64(-100_000 * unit)))
            #expect(values["huge"]?.first == .integer(Int64(-1_000_000_000_000 * unit)))
            #expect(values["wide"]?.first == .double(1.5 * Double(unit)))
            #expect(values["word"]?.first == .text("unit\(unit)"))
            #expect(values["input"]?.first == .integer(Int64(1000 * unit + 3)))
            #expect(values["on"]?.first == .boolean(true))
            #expect(values["off"]?.first == .boolean(false))
            // Never anything else, in all the time: no answer was taken for another request's.
            for (name, list) in values { #expect(Set(list).count == 1, "u\(unit) \(name): \(Set(list))") }
        }
        // Unit 4 has a hole at 19: asked together it refuses, asked one by one it answers.
        #expect(seen.faults["u4"]?["modbus_exceptions"] == 1)
        #expect(seen.values["u5"] == nil && seen.values["u9"] == nil)
        #expect((seen.faults["u5"]?["no_answer"] ?? 0) >= 2)
    }
}
