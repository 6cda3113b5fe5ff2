/// Numbers that are not there, or time without samples, and why. Only the origin of a stream may declare one.
public struct GapRecord: Hashable, Sendable {
    public enum Kind: UInt8, Hashable, Sendable, CaseIterable {
        /// The machine stopped before what was pending was written.
        case power = 1
        /// A quota or a full buffer refused them.
        case overflow = 2
        /// The ring was full and they were the oldest.
        case evicted = 3
        case corrupt = 4
        /// Somebody switched the sensor off.
        case disabled = 5
        /// The radio listened less on purpose.
        case duty = 6
        /// Somebody had them erased.
        case erased = 7
        /// Kept only as minimum, mean and maximum.
        case thinned = 8
        /// The daemon was replaced by another version.
        case upgrade = 9
    }

    public enum Extent: Hashable, Sendable {
        /// `lost` of the numbers `first` ..< `end`: all of them, unless ranges were coalesced.
        case numbers(first: SampleNumber, end: SampleNumber, lost: UInt64)
        /// No number was given to what is missing: after `number`, at most this long, about that many samples.
        case atMost(after: SampleNumber, durationNs: UInt64, samples: UInt64)
    }

    public var run: RunID
    public var stream: StreamNumber
    public var kind: Kind
    public var extent: Extent
    /// In the boot of the run that records it.
    public var time: BootTime
    /// A sentence for a person.
    public var cause: String
    /// Who decided it, where somebody did: a key in hexadecimal or a local user; empty otherwise.
    public var who: String

    public static let mostCauseBytes = 160
    public static let mostWhoBytes = 80
    /// Records in one commit or seal.
    public static let most = 16_384

    public init(
        run: RunID, stream: StreamNumber, kind: Kind, extent: Extent, time: BootTime, cause: String, who: String = ""
    ) {
        self.run = run
        self.stream = stream
        self.kind = kind
        self.extent = extent
        self.time = time
        self.cause = cause.clipped(toUTF8: GapRecord.mostCauseBytes)
        self.who = who.clipped(toUTF8: GapRecord.mostWhoBytes)
    }

    /// The numbers it speaks of; empty where none was given.
    public var numbers: Range<SampleNumber> {
        switch extent {
        case .numbers(let first, let end, _): first..<end
        case .atMost(let after, _, _): after..<after
        }
    }

    public var lost: UInt64 {
        switch extent {
        case .numbers(_, _, let lost): lost
        case .atMost(_, _, let samples): samples
        }
    }

    public func encode(into writer: inout ByteWriter) {
        writer.identifier(run)
        writer.varint(stream)
        writer.byte(kind.rawValue)
        switch extent {
        case .numbers(let first, let end, let lost):
            writer.byte(0)
            writer.varint(first)
            writer.varint(end - first)
            writer.varint(lost)
        case .atMost(let after, let durationNs, let samples):
            writer.byte(1)
            writer.varint(after)
            writer.varint(durationNs)
            writer.varint(samples)
        }
        writer.fixed(time)
        writer.text(cause)
        writer.text(who)
    }

    public static func decode(from reader: inout ByteReader) throws(Malformed) -> GapRecord {
        let run = try reader.identifier16(RunID.self, "gap's run")
        let stream = StreamNumber(try reader.varint("gap's stream", most: UInt64(StreamNumber.max)))
        guard let kind = Kind(rawValue: try reader.byte("gap's kind")) else {
            throw Malformed("gap's kind", .unknown, at: reader.offset - 1)
        }
        let extent = try Extent.decode(from: &reader)
        return GapRecord(
            run: run, stream: stream, kind: kind, extent: extent, time: try reader.fixed(BootTime.self, "gap's time"),
            cause: try reader.text("gap's cause", most: mostCauseBytes),
            who: try reader.text("gap's who", most: mostWhoBytes))
    }
}

extension GapRecord.Extent {
    fileprivate static func decode(from reader: inout ByteReader) throws(Malformed) -> GapRecord.Extent {
        let start = reader.offset
        switch try reader.byte("gap's extent") {
        case 0:
            let first = try reader.varint("gap's first number")
            let count = try reader.varint("gap's count", most: .max - first)
            let lost = try reader.varint("gap's loss", most: count)
            guard lost > 0 else { throw Malformed("gap's loss", .inconsistent, at: start) }
            return .numbers(first: first, end: first + count, lost: lost)
        case 1:
            return .atMost(
                after: try reader.varint("gap's number"), durationNs: try reader.varint("gap's duration"),
                samples: try reader.varint("gap's samples"))
        default: throw Malformed("gap's extent", .unknown, at: start)
        }
    }
}
