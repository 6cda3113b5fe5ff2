/// That at some time of a boot it was some wall time, as somebody says who may know.
public struct ClockAnchor: Hashable, Sendable {
    public enum Source: UInt8, Hashable, Sendable, CaseIterable {
        /// The system clock while the kernel calls it synchronised.
        case system = 1
        case gps = 2
        case peer = 3
        case phone = 4
        /// An operator's word.
        case manual = 5
        /// A hardware clock with a battery.
        case hardware = 6
        /// The system clock while nothing synchronises it: a saved time at best.
        case unsynchronised = 7
    }

    public var boot: BootID
    public var time: BootTime
    public var wall: UnixTime
    /// The wall time is within this of the truth, if the source is right.
    public var errorNs: UInt64
    public var source: Source
    /// Whose word it is: a peer's or a person's name, empty otherwise.
    public var witness: String

    public static let mostWitnessBytes = 80
    /// Anchors in one commit or seal.
    public static let most = 1_024

    public init(
        boot: BootID, time: BootTime, wall: UnixTime, errorNs: UInt64, source: Source, witness: String = ""
    ) {
        self.boot = boot
        self.time = time
        self.wall = wall
        self.errorNs = errorNs
        self.source = source
        self.witness = witness.clipped(toUTF8: ClockAnchor.mostWitnessBytes)
    }

    public func encode(into writer: inout ByteWriter) {
        writer.identifier(boot)
        writer.fixed(time)
        writer.fixed(wall)
        writer.varint(errorNs)
        writer.byte(source.rawValue)
        writer.text(witness)
    }

    public static func decode(from reader: inout ByteReader) throws(Malformed) -> ClockAnchor {
        let boot = try reader.identifier16(BootID.self, "anchor's boot")
        let time = try reader.fixed(BootTime.self, "anchor's time")
        let wall = try reader.fixed(UnixTime.self, "anchor's wall time")
        let errorNs = try reader.varint("anchor's error")
        guard let source = Source(rawValue: try reader.byte("anchor's source")) else {
            throw Malformed("anchor's source", .unknown, at: reader.offset - 1)
        }
        return ClockAnchor(
            boot: boot, time: time, wall: wall, errorNs: errorNs, source: source,
            witness: try reader.text("anchor's witness", most: mostWitnessBytes))
    }
}
