import Measurements
import Notation

/// Samples on their way out: batches of the store become text of one form, a piece at a time.
final class SampleAnswer: ByteSource {
    /// In JSON everything is in columns, which are held until the end, so they are bounded.
    static let mostColumnRows = 100_000
    /// About how much text one piece is.
    static let pieceBytes = 32 * 1024

    private let source: any SampleSource
    private let question: SampleQuestion
    private let writer: any SampleTextWriter
    private var began = false
    private var ended = false

    static func make(_ request: Request, _ backend: any Backend) throws(Problem) -> (Response, any ByteSource) {
        let form = try SampleForm.wanted(request)
        var question = SampleQuestion(sensor: request.argument("sensor"), attribute: request.argument("attribute"))
        (question.from, question.to) = try Routes.period(request)
        if let text = request["resolution"], !text.isEmpty {
            guard let ms = Int64(text), (1...31_622_400_000).contains(ms) else {
                throw Problem.invalid("resolution", "'resolution' is a whole number of milliseconds, at least 1")
            }
            question.resolution = ms * 1_000_000
        }
        if form == .json {
            question.limit = try Routes.limit(request, default: mostColumnRows, most: mostColumnRows)
        } else if request["limit"] != nil {
            question.limit = try Routes.limit(request, default: .max, most: .max)
        }
        if let cursor = request["cursor"], !cursor.isEmpty { question.cursor = cursor }
        let source = try backend.samples(question)
        var response = Response(type: form.type, body: [])
        if form != .json {
            response.headers.append(
                ("Content-Disposition", "attachment; filename=\"\(fileName(question)).\(form.rawValue)\""))
        }
        return (response, SampleAnswer(source: source, question: question, form: form))
    }

    private static func fileName(_ question: SampleQuestion) -> String {
        "\(question.sensor)-\(question.attribute)".map { $0.isASCII && ($0.isLetter || $0.isNumber) ? String($0) : "-" }
            .joined()
    }

    private init(source: any SampleSource, question: SampleQuestion, form: SampleForm) {
        self.source = source
        self.question = question
        switch form {
        case .json: writer = ColumnWriter()
        case .ndjson: writer = LineWriter()
        case .csv: writer = CSVWriter()
        case .senml: writer = SenMLWriter()
        }
    }

    func next() -> [UInt8]? {
        guard !ended else { return nil }
        var bytes: [UInt8] = []
        if !began {
            began = true
            writer.begin(question, source.attribute, &bytes)
        }
        while bytes.count < SampleAnswer.pieceBytes {
            guard let batch = source.next() else {
                ended = true
                writer.end(cursor: source.cursor, &bytes)
                break
            }
            if question.resolution == nil { writer.samples(batch, &bytes) } else { writer.rows(batch.rows, &bytes) }
        }
        return bytes
    }
}

/// A form in which samples are written.
protocol SampleTextWriter {
    func begin(_ question: SampleQuestion, _ attribute: AttributeDeclaration, _ bytes: inout [UInt8])
    func samples(_ batch: SampleBatch, _ bytes: inout [UInt8])
    func rows(_ rows: [SampleBatch.Row], _ bytes: inout [UInt8])
    func end(cursor: String?, _ bytes: inout [UInt8])
}

extension [UInt8] {
    mutating func put(_ text: StaticString) {
        append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    mutating func put(_ text: String) { append(contentsOf: text.utf8) }

    mutating func put(json write: (inout JSONWriter) -> Void) {
        var writer = JSONWriter()
        write(&writer)
        append(contentsOf: writer.bytes)
    }

    /// The parts of a sample: one value, or a list.
    mutating func put(_ samples: Samples, _ index: Int) {
        put(json: { writer in
            if samples.width > 1 { writer.raw("[") }
            for part in 0..<samples.width {
                if part > 0 { writer.raw(",") }
                SampleWriter.value(samples, index, part, &writer)
            }
            if samples.width > 1 { writer.raw("]") }
        })
    }

    mutating func put(list values: [Double]) {
        put(json: { writer in
            if values.count != 1 { writer.raw("[") }
            for (index, value) in values.enumerated() {
                if index > 0 { writer.raw(",") }
                writer.write(value)
            }
            if values.count != 1 { writer.raw("]") }
        })
    }
}
