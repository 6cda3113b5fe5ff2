import Measurements

/// Where things lie in a pack slot.
///
/// A slot is one blob of SQLite: its first 484 bytes lie in a page shared with the starts of seven other slots, and the
/// rest fills sixteen pages of its own exactly. So the body starts at the edge of a page, and what is appended to it
/// changes only the pages it falls on.
///
/// Header: magic (4), version (1), group (1), entries (2), place (8), bytes of directory (4), bytes of body (4), CRC-32C
/// of the header up to here and of the directory (4). Then the directory, then the body. Little-endian.
enum PackLayout {
    static let inSharedPage = 484
    static let inOwnPage = 4092
    static let ownPages = 16
    static let slotBytes = inSharedPage + ownPages * inOwnPage
    /// What a slot takes of the file.
    static let diskBytes = ownPages * 4096 + 512
    static let headerBytes = 64
    static let bodyStart = inSharedPage + 2 * inOwnPage
    static let mostDirectoryBytes = bodyStart - headerBytes
    static let mostBodyBytes = slotBytes - bodyStart
    static let magic: UInt32 = 0x4b50_5442  // "BTPK"
    static let version: UInt8 = 1

    static let groups = 16
    static func group(of stream: LocalStream) -> Int { Int(stream) % groups }
}

/// A stream's number in this ring: small, and never used for another.
typealias LocalStream = UInt32

struct PackHeader: Hashable {
    var group: Int
    /// Counts the packs of a group.
    var place: UInt64
    var entries: Int
    var directoryBytes: Int
    var bodyBytes: Int

    func encode(checking directory: UnsafeRawBufferPointer) -> [UInt8] {
        var writer = ByteWriter(reserving: PackLayout.headerBytes)
        writer.fixed(PackLayout.magic)
        writer.byte(PackLayout.version)
        writer.byte(UInt8(group))
        writer.fixed(UInt16(entries))
        writer.fixed(place)
        writer.fixed(UInt32(directoryBytes))
        writer.fixed(UInt32(bodyBytes))
        writer.fixed(Checksum.of(directory, after: Checksum.of(writer.bytes)))
        writer.raw([UInt8](repeating: 0, count: PackLayout.headerBytes - writer.count))
        return writer.bytes
    }

    /// The header, and the checksum that it and the directory must have.
    static func decode(_ bytes: [UInt8]) throws(Malformed) -> (header: PackHeader, checksum: UInt32) {
        var reader = ByteReader(bytes)
        guard try reader.fixed(UInt32.self, "pack's magic") == PackLayout.magic else {
            throw Malformed("pack's magic", .unknown, at: 0)
        }
        guard try reader.byte("pack's version") == PackLayout.version else {
            throw Malformed("pack's version", .unknown, at: 4)
        }
        let group = Int(try reader.byte("pack's group"))
        let entries = Int(try reader.fixed(UInt16.self, "pack's entries"))
        let place = try reader.fixed(UInt64.self, "pack's place")
        let directoryBytes = Int(try reader.fixed(UInt32.self, "directory's length"))
        let bodyBytes = Int(try reader.fixed(UInt32.self, "body's length"))
        guard directoryBytes <= PackLayout.mostDirectoryBytes, bodyBytes <= PackLayout.mostBodyBytes else {
            throw Malformed("pack's lengths", .tooLarge, at: 16)
        }
        let header = PackHeader(
            group: group, place: place, entries: entries, directoryBytes: directoryBytes, bodyBytes: bodyBytes)
        return (header, try reader.fixed(UInt32.self, "pack's checksum"))
    }

    static let checkedBytes = 24
}
