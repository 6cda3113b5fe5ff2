import Measurements

/// All descriptions a gateway knows. A value: reloading makes a new one, and whoever holds the old one finishes with it.
public struct DecoderLibrary: Sendable {
    public static let mostDescriptions = 256
    public static let mostFileBytes = 1 << 20

    public private(set) var descriptions: [Description] = []
    /// Why files were skipped; the others are used all the same.
    public private(set) var errors: [DescriptionError] = []

    private struct Candidate: Sendable {
        var description: Int
        var frame: Int
    }
    /// Layouts by where their frames come from; those that name no source are tried for every frame.
    private var bySource: [FrameSource: [Candidate]] = [:]
    private var anywhere: [Candidate] = []

    public init() {}

    /// Files in the order of their names, so that the same files always make the same library. A later file of the same
    /// decoder replaces an earlier one: that is how a site overrides what came with the package.
    public init(_ files: [(name: String, bytes: [UInt8])]) {
        for file in files {
            do throws(DescriptionError) { try add(file.bytes, file: file.name) } catch { errors.append(error) }
        }
        index()
    }

    private mutating func add(_ bytes: [UInt8], file: String) throws(DescriptionError) {
        guard bytes.count <= DecoderLibrary.mostFileBytes else {
            throw DescriptionError(file: file, line: 1, field: "", problem: "larger than 1 MiB")
        }
        let description = try Description(bytes, file: file)
        if let known = descriptions.firstIndex(where: { $0.name == description.name }) {
            descriptions[known] = description
        } else {
            guard descriptions.count < DecoderLibrary.mostDescriptions else {
                throw DescriptionError(
                    file: file, line: 1, field: "", problem: "more than \(DecoderLibrary.mostDescriptions) descriptions"
                )
            }
            descriptions.append(description)
        }
    }

    private mutating func index() {
        for (number, description) in descriptions.enumerated() {
            for (frame, layout) in description.frames.enumerated() {
                let candidate = Candidate(description: number, frame: frame)
                if layout.match.sources.isEmpty { anywhere.append(candidate) }
                for source in layout.match.sources { bySource[source, default: []].append(candidate) }
            }
        }
    }

    public func index(of name: String) -> Int? { descriptions.firstIndex { $0.name == name } }

    public subscript(name: String) -> Description? { index(of: name).map { descriptions[$0] } }

    /// Decodes with the first layout that fits.
    public func decode(_ frame: UnsafeRawBufferPointer, _ context: FrameContext, into readings: inout Readings)
        -> Decoding
    {
        if let candidates = bySource[context.source] {
            for candidate in candidates {
                if let found = decode(candidate, frame, context, into: &readings) { return found }
            }
        }
        for candidate in anywhere {
            if let found = decode(candidate, frame, context, into: &readings) { return found }
        }
        return .unknown
    }

    public func decode(_ frame: [UInt8], _ context: FrameContext, into readings: inout Readings) -> Decoding {
        frame.withUnsafeBytes { decode($0, context, into: &readings) }
    }

    @inline(__always)
    private func decode(
        _ candidate: Candidate, _ frame: UnsafeRawBufferPointer, _ context: FrameContext, into readings: inout Readings
    ) -> Decoding? {
        let layout = descriptions[candidate.description].frames[candidate.frame]
        guard layout.match.fits(frame, context) else { return nil }
        var trace = NoTrace()
        let outcome = layout.program.run(frame, context, into: &readings, trace: &trace)
        if let refusal = outcome.refusal {
            return .refused(decoder: candidate.description, frame: candidate.frame, refusal)
        }
        return .decoded(decoder: candidate.description, frame: candidate.frame, outcome)
    }

    /// Runs the vectors of one description, or of all. Each complaint says file, line and what is wrong.
    public func test(_ name: String? = nil) -> (passed: Int, complaints: [DescriptionError]) {
        var passed = 0
        var complaints: [DescriptionError] = []
        for description in descriptions where name == nil || description.name == name {
            for (index, vector) in description.vectors.enumerated() {
                guard let complaint = vector.complaint(description) else {
                    passed += 1
                    continue
                }
                complaints.append(
                    DescriptionError(
                        file: description.file, line: vector.line, field: "vectors[\(index)]", problem: complaint))
            }
        }
        return (passed, complaints)
    }
}
