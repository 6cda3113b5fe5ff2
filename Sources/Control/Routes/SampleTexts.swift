import Measurements
import Notation

/// One object whose members are columns: what a chart wants. The first column is sent as it comes, the others at the end.
final class ColumnWriter: SampleTextWriter {
    private var values: [UInt8] = []
    private var numbers: [UInt8] = []
    private var least: [UInt8] = []
    private var most: [UInt8] = []
    private var count = 0

    func begin(_ question: SampleQuestion, _ attribute: AttributeDeclaration, _ bytes: inout [UInt8]) {
        bytes.put(json: { writer in
            writer.raw("{\"sensor\":")
            writer.write(question.sensor)
            writer.raw(",\"attribute\":")
            writer.write(question.attribute)
            writer.raw(",\"unit\":")
            writer.write(attribute.unit)
            writer.raw(",\"components\":")
            writer.write(.array(attribute.components.map { JSON($0) }))
            writer.raw(",\"t\":[")
        })
    }

    private func comma(_ bytes: inout [UInt8]) {
        if count > 0 { bytes.append(UInt8(ascii: ",")) }
    }

    private func time(_ time: UnixTime, _ bytes: inout [UInt8]) {
        comma(&bytes)
        bytes.put(json: { $0.write(mantissa: time / 1000, scale: -3) })
    }

    func samples(_ batch: SampleBatch, _ bytes: inout [UInt8]) {
        for index in 0..<batch.samples.count {
            time(batch.times[index], &bytes)
            comma(&values)
            values.put(batch.samples, index)
            comma(&numbers)
            numbers.put(json: { $0.write(Int64(clamping: batch.first + SampleNumber(index))) })
            count += 1
        }
    }

    func rows(_ rows: [SampleBatch.Row], _ bytes: inout [UInt8]) {
        for row in rows {
            time(row.time, &bytes)
            comma(&values)
            values.put(list: row.parts.map(\.mean))
            comma(&numbers)
            numbers.put(json: { $0.write(Int64(row.count)) })
            comma(&least)
            least.put(list: row.parts.map(\.least))
            comma(&most)
            most.put(list: row.parts.map(\.most))
            count += 1
        }
    }

    func end(cursor: String?, _ bytes: inout [UInt8]) {
        bytes.put("],\"v\":[")
        bytes.append(contentsOf: values)
        bytes.put("],\"n\":[")
        bytes.append(contentsOf: numbers)
        if !least.isEmpty {
            bytes.put("],\"least\":[")
            bytes.append(contentsOf: least)
            bytes.put("],\"most\":[")
            bytes.append(contentsOf: most)
        }
        bytes.put("],\"cursor\":")
        bytes.put(json: { $0.write(JSON(cursor)) })
        bytes.put("}")
    }
}

/// One object a line.
final class LineWriter: SampleTextWriter {
    private var components: [String] = []
    func begin(_ question: SampleQuestion, _ attribute: AttributeDeclaration, _ bytes: inout [UInt8]) {}

    func samples(_ batch: SampleBatch, _ bytes: inout [UInt8]) {
        for index in 0..<batch.samples.count {
            bytes.put("{\"time\":\"")
            Timestamp.append(batch.times[index], to: &bytes)
            bytes.put("\",\"number\":")
            bytes.put(json: { $0.write(Int64(clamping: batch.first + SampleNumber(index))) })
            bytes.put(",\"value\":")
            bytes.put(batch.samples, index)
            bytes.put("}\n")
        }
    }

    func rows(_ rows: [SampleBatch.Row], _ bytes: inout [UInt8]) {
        for row in rows {
            bytes.put("{\"time\":\"")
            Timestamp.append(row.time, to: &bytes)
            bytes.put("\",\"count\":\(row.count),\"least\":")
            bytes.put(list: row.parts.map(\.least))
            bytes.put(",\"mean\":")
            bytes.put(list: row.parts.map(\.mean))
            bytes.put(",\"most\":")
            bytes.put(list: row.parts.map(\.most))
            bytes.put("}\n")
        }
    }

    func end(cursor: String?, _ bytes: inout [UInt8]) {}
}

/// RFC 4180, with a header line.
final class CSVWriter: SampleTextWriter {
    func begin(_ question: SampleQuestion, _ attribute: AttributeDeclaration, _ bytes: inout [UInt8]) {
        let unit = attribute.unit.isEmpty ? "" : " (\(attribute.unit))"
        let names = attribute.components.isEmpty ? [attribute.name] : attribute.components
        var columns = ["time"]
        if question.resolution == nil {
            columns += ["number"] + names.map { $0 + unit }
        } else {
            columns += ["count"]
            for name in names { columns += ["\(name) least\(unit)", "\(name) mean\(unit)", "\(name) most\(unit)"] }
        }
        for (index, column) in columns.enumerated() {
            if index > 0 { bytes.put(",") }
            field(column, &bytes)
        }
        bytes.put("\r\n")
    }

    /// Quoted where it must be; a text a spreadsheet would take for a formula gets an apostrophe in front.
    private func field(_ text: String, _ bytes: inout [UInt8]) {
        let risky = "=+-@\t\r".contains(text.first ?? " ")
        let quoted = risky || text.contains { $0 == "," || $0 == "\"" || $0.isNewline }
        guard quoted else { return bytes.put(text) }
        bytes.put("\"")
        if risky { bytes.put("'") }
        for byte in text.utf8 {
            if byte == UInt8(ascii: "\"") { bytes.append(byte) }
            bytes.append(byte)
        }
        bytes.put("\"")
    }

    func samples(_ batch: SampleBatch, _ bytes: inout [UInt8]) {
        let samples = batch.samples
        for index in 0..<samples.count {
            Timestamp.append(batch.times[index], to: &bytes)
            bytes.put(",")
            bytes.put(json: { $0.write(Int64(clamping: batch.first + SampleNumber(index))) })
            for part in 0..<samples.width {
                bytes.put(",")
                if case .text(let text) = samples.value(index, component: part) {
                    field(text, &bytes)
                } else {
                    bytes.put(json: { SampleWriter.value(samples, index, part, &$0) })
                }
            }
            bytes.put("\r\n")
        }
    }

    func rows(_ rows: [SampleBatch.Row], _ bytes: inout [UInt8]) {
        for row in rows {
            Timestamp.append(row.time, to: &bytes)
            bytes.put(",\(row.count)")
            for part in row.parts {
                for value in [part.least, part.mean, part.most] {
                    bytes.put(",")
                    if value.isFinite { bytes.put(json: { $0.write(value) }) }
                }
            }
            bytes.put("\r\n")
        }
    }

    func end(cursor: String?, _ bytes: inout [UInt8]) {}
}

/// RFC 8428. Its names allow no more than letters, digits and `-:./_`, and its units are a registry's.
final class SenMLWriter: SampleTextWriter {
    private var names: [String] = []
    private var unit = ""
    private var count = 0

    func begin(_ question: SampleQuestion, _ attribute: AttributeDeclaration, _ bytes: inout [UInt8]) {
        let base = name("\(question.sensor)/\(attribute.name)")
        names = attribute.components.isEmpty ? [base] : attribute.components.map { base + "/" + name($0) }
        unit = SenMLWriter.units[attribute.unit] ?? ""
        bytes.put("[")
    }

    private func name(_ text: String) -> String {
        String(text.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-:./_".contains($0)) ? $0 : "_" })
    }

    private static let units = [
        "°C": "Cel", "%": "%", "V": "V", "A": "A", "W": "W", "Pa": "Pa", "m": "m", "s": "s", "Hz": "Hz", "m/s²": "m/s2",
        "bpm": "beat/min", "lx": "lx", "°": "deg", "mV": "mV", "hPa": "hPa", "ppm": "ppm", "dB": "dB", "%RH": "%RH",
    ]

    private func record(_ part: Int, _ time: UnixTime, _ bytes: inout [UInt8], _ value: (inout [UInt8]) -> Void) {
        if count > 0 { bytes.put(",\n") }
        count += 1
        bytes.put("{\"n\":\"\(names[part])\"")
        if !unit.isEmpty { bytes.put(",\"u\":\"\(unit)\"") }
        bytes.put(",\"t\":")
        bytes.put(json: { $0.write(mantissa: time / 1000, scale: -6) })
        value(&bytes)
        bytes.put("}")
    }

    func samples(_ batch: SampleBatch, _ bytes: inout [UInt8]) {
        let samples = batch.samples
        for index in 0..<samples.count {
            for part in 0..<samples.width {
                // A number that is none has no place in SenML.
                if case .double(let value) = samples.value(index, component: part), !value.isFinite { continue }
                record(part, batch.times[index], &bytes) { bytes in
                    switch samples.kind {
                    case .integer, .double: bytes.put(",\"v\":")
                    case .boolean: bytes.put(",\"vb\":")
                    case .text: bytes.put(",\"vs\":")
                    }
                    bytes.put(json: { SampleWriter.value(samples, index, part, &$0) })
                }
            }
        }
    }

    func rows(_ rows: [SampleBatch.Row], _ bytes: inout [UInt8]) {
        for row in rows {
            for (part, value) in row.parts.enumerated() where value.mean.isFinite {
                record(part, row.time, &bytes) { bytes in
                    bytes.put(",\"v\":")
                    bytes.put(json: { $0.write(value.mean) })
                }
            }
        }
    }

    func end(cursor: String?, _ bytes: inout [UInt8]) { bytes.put("]\n") }
}
