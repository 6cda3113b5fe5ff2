import Measurements
import Notation

/// A value of a column, as JSON has it.
enum SampleWriter {
    static func value(_ samples: Samples, _ index: Int, _ part: Int, _ writer: inout JSONWriter) {
        let at = index * samples.width + part
        switch samples.kind {
        case .integer(let scale): writer.write(mantissa: samples.integers[at], scale: scale)
        case .double: writer.write(samples.doubles[at])
        case .boolean: if samples.booleans[at] { writer.raw("true") } else { writer.raw("false") }
        case .text: writer.write(samples.texts[at])
        }
    }
}
