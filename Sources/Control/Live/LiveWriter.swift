import Measurements
import Notation

/// The messages of a live stream. Samples are JSON or `bothy.frames.v1`; everything else is JSON in any case.
enum LiveWriter {
    static func hello(run: RunID, clock: LiveClock, streams: [LiveStream], subscriber: Subscriber) -> [UInt8] {
        let rows = streams.map { stream -> JSON in
            let attribute = stream.attribute
            return [
                "stream": JSON(stream.number), "sensor": JSON(stream.sensor), "attribute": JSON(attribute.name),
                "type": JSON(attribute.type), "kind": JSON(name(attribute.kind)), "scale": JSON(scale(attribute.kind)),
                "components": .array(attribute.components.map { JSON($0) }), "unit": JSON(attribute.unit),
                "rate": JSON(attribute.nominalRate), "whole": JSON(subscriber.wantsAll(of: stream)),
                "next": JSON(subscriber.cursors[stream.number] ?? stream.next),
            ]
        }
        return JSONWriter.compact([
            "type": "streams", "run": JSON(Hex.encode(run.bytes)), "clock": self.clock(clock),
            "now_ms": JSON(Double(Service.now + clock.offset) / 1e6), "streams": .array(rows),
        ])
    }

    /// Milliseconds, as a browser counts.
    static func clock(_ clock: LiveClock) -> JSON {
        [
            "offset_ms": JSON(Double(clock.offset) / 1e6), "error_ms": JSON(Double(clock.error) / 1e6),
            "settled": JSON(clock.settled),
        ]
    }

    static func clockChanged(_ clock: LiveClock) -> [UInt8] {
        JSONWriter.compact(["type": "clock", "clock": self.clock(clock)])
    }

    static func dropped(_ stream: StreamNumber, from: SampleNumber, to: SampleNumber) -> [UInt8] {
        JSONWriter.compact([
            "type": "dropped", "stream": JSON(stream), "from": JSON(from), "to": JSON(to), "count": JSON(to - from),
        ])
    }

    static func tier(_ ms: Int64) -> [UInt8] { JSONWriter.compact(["type": "tier", "interval_ms": JSON(ms)]) }

    static func name(_ kind: ValueKind) -> String {
        switch kind {
        case .integer, .double: "number"
        case .boolean: "boolean"
        case .text: "text"
        }
    }

    static func scale(_ kind: ValueKind) -> Int {
        if case .integer(let scale) = kind { Int(scale) } else { 0 }
    }

    /// `{"stream":3,"first":120,"t":[…],"v":[…]}`: times in Unix milliseconds; parts of a sample as a list.
    static func json(_ batch: LiveBatch, clock: LiveClock) -> [UInt8] {
        var writer = JSONWriter(reserving: 32 * batch.samples.count + 64)
        writer.raw("{\"stream\":")
        writer.write(Int64(batch.stream))
        writer.raw(",\"first\":")
        writer.write(Int64(clamping: batch.first))
        writer.raw(",\"t\":[")
        for (index, time) in batch.samples.times.enumerated() {
            if index > 0 { writer.raw(",") }
            // Whole microseconds: more digits than any of our clocks is good for.
            writer.write(mantissa: (time + clock.offset) / 1000, scale: -3)
        }
        writer.raw("],\"v\":[")
        let samples = batch.samples
        for index in 0..<samples.count {
            if index > 0 { writer.raw(",") }
            if samples.width == 1 {
                SampleWriter.value(samples, index, 0, &writer)
            } else {
                for part in 0..<samples.width {
                    if part == 0 { writer.raw("[") } else { writer.raw(",") }
                    SampleWriter.value(samples, index, part, &writer)
                }
                writer.raw("]")
            }
        }
        writer.raw("]}")
        return writer.bytes
    }

    /// One stream's part of a binary message: stream, first number and length as varints, then the block packing.
    static func frame(_ batch: LiveBatch) -> [UInt8] {
        let packed = Packing.pack(batch.samples)
        var writer = ByteWriter(reserving: packed.count + 12)
        writer.varint(batch.stream)
        writer.varint(batch.first)
        writer.block(packed)
        return writer.bytes
    }

    /// What is between the parts of a message.
    static func message(_ parts: [[UInt8]], form: Subscriber.Form) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(parts.reduce(40) { $0 + $1.count + 1 })
        if form == .frames {
            // The kind of message: samples.
            bytes.append(1)
            for part in parts { bytes.append(contentsOf: part) }
            return bytes
        }
        bytes.append(contentsOf: "{\"type\":\"samples\",\"streams\":[".utf8)
        for (index, part) in parts.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            bytes.append(contentsOf: part)
        }
        bytes.append(contentsOf: "]}".utf8)
        return bytes
    }
}
