import Measurements

/// The pack of a group that is being filled: all of it in memory, some of it on disk already.
struct OpenPack {
    let group: Int
    let place: UInt64
    /// Where it is written, once some of it is.
    var slot: Int64?
    private(set) var entries: [PackEntry] = []
    private(set) var directory: [UInt8] = []
    private(set) var body: [UInt8] = []
    /// How much of each is on disk.
    private(set) var written = (entries: 0, directory: 0, body: 0)
    /// When the oldest block that is not on disk came in.
    private(set) var waitingSince: Int64?
    var firstSeal: Int64

    init(group: Int, place: UInt64, firstSeal: Int64) {
        self.group = group
        self.place = place
        self.firstSeal = firstSeal
    }

    /// What is in a slot already, to go on with after a restart.
    init(slot: Int64, _ pack: LoadedPack, firstSeal: Int64) {
        self.init(group: pack.header.group, place: pack.header.place, firstSeal: firstSeal)
        self.slot = slot
        entries = pack.entries
        directory = pack.directory
        body = pack.body
        written = (entries.count, directory.count, body.count)
    }

    var isDirty: Bool { written.entries < entries.count }
    var unwritten: ArraySlice<PackEntry> { entries[written.entries...] }
    var bytes: Int { body.count }

    /// False where there is no room for it: this pack is full.
    mutating func add(_ entry: PackEntry, _ packed: [UInt8], now: Int64) -> Bool {
        var writer = ByteWriter(reserving: 128)
        var entry = entry
        entry.offset = body.count
        entry.encode(into: &writer)
        guard body.count + packed.count <= PackLayout.mostBodyBytes,
            directory.count + writer.count <= PackLayout.mostDirectoryBytes, entries.count < Int(UInt16.max)
        else { return false }
        if !isDirty { waitingSince = now }
        entries.append(entry)
        directory += writer.bytes
        body += packed
        return true
    }

    var header: PackHeader {
        PackHeader(
            group: group, place: place, entries: entries.count, directoryBytes: directory.count, bodyBytes: body.count)
    }

    /// Writes what is new of it into its slot.
    func write(with blob: BlobHandle) throws(StoreError) {
        try OpenPack.write(blob, directory, from: written.directory, at: PackLayout.headerBytes)
        try OpenPack.write(blob, body, from: written.body, at: PackLayout.bodyStart)
        let header = directory.withUnsafeBytes { self.header.encode(checking: $0) }
        try OpenPack.write(blob, header, from: 0, at: 0)
    }

    mutating func markWritten() {
        written = (entries.count, directory.count, body.count)
        waitingSince = nil
    }

    private static func write(
        _ blob: BlobHandle, _ bytes: [UInt8], from start: Int, at offset: Int
    ) throws(StoreError) {
        if start < bytes.count { try blob.write(bytes[start...], at: offset + start) }
    }
}

/// A pack as it was read from its slot.
struct LoadedPack {
    var header: PackHeader
    var entries: [PackEntry]
    var directory: [UInt8]
    /// Empty where only the directory was asked for.
    var body: [UInt8]

    /// Throws `corrupt` where header or directory are not what was written; nil where the slot was never used.
    static func read(
        _ database: Database, slot: Int64, withBody: Bool
    ) throws(StoreError) -> LoadedPack? {
        let blob = try BlobHandle(database, table: "pack", column: "body", row: slot, writable: false)
        let head = try blob.bytes(at: 0, count: PackLayout.headerBytes)
        if head.allSatisfy({ $0 == 0 }) { return nil }
        do {
            let (header, checksum) = try PackHeader.decode(head)
            let directory = try blob.bytes(at: PackLayout.headerBytes, count: header.directoryBytes)
            let found = Checksum.of(directory, after: Checksum.of(Array(head[..<PackHeader.checkedBytes])))
            guard found == checksum else { throw Malformed("directory", .checksum, at: 0) }
            var reader = ByteReader(directory)
            var entries: [PackEntry] = []
            entries.reserveCapacity(header.entries)
            for _ in 0..<header.entries { entries.append(try PackEntry.decode(from: &reader)) }
            let body = withBody ? try blob.bytes(at: PackLayout.bodyStart, count: header.bodyBytes) : []
            return LoadedPack(header: header, entries: entries, directory: directory, body: body)
        } catch let error as Malformed {
            throw .corrupt(database.path, "pack \(slot)", error.description)
        } catch let error as StoreError {
            throw error
        } catch {
            preconditionFailure("nothing else is thrown here")
        }
    }

    /// A block's packed bytes, checked.
    func packed(_ entry: PackEntry, path: String) throws(StoreError) -> [UInt8] {
        guard entry.offset + entry.length <= body.count else {
            throw .corrupt(path, "pack \(header.group)/\(header.place)", "a block lies outside")
        }
        let bytes = Array(body[entry.offset..<entry.offset + entry.length])
        guard Checksum.of(bytes) == entry.checksum else {
            throw .corrupt(path, "pack \(header.group)/\(header.place)", "block \(entry.first) has another checksum")
        }
        return bytes
    }
}
