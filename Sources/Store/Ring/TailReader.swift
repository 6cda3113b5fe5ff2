import Measurements

/// Reads the log of the tail from a page on, frame by frame.
struct TailReader {
    private let database: Database
    private let map: TailMap
    private var page: UInt64
    /// Bytes of frames not parsed yet.
    private var pending: [UInt8] = []
    private var offset = 0
    private(set) var header: TailFormat.PageHeader?
    private var lastNumber: UInt64?
    /// The page on which the frame that came last begins.
    private(set) var framePage: UInt64
    private var starts: [(offset: Int, page: UInt64)] = []
    /// Places where bytes were not what was written; reading went on at the next frame that could be found.
    private(set) var damage: [String] = []
    static let mostDamage = 16
    private var synchronised = false

    init(_ database: Database, _ map: TailMap, from page: UInt64) {
        self.database = database
        self.map = map
        self.page = page
        framePage = page
    }

    /// Where a writer goes on after the last frame.
    var end: (page: UInt64, used: Int, firstFrame: Int, nextFrame: UInt64)? {
        header.map { ($0.number, $0.used, $0.firstFrame, lastNumber.map { $0 + 1 } ?? 0) }
    }

    mutating func next() throws(StoreError) -> TailFormat.Frame? {
        while true {
            if let frame = take() { return frame }
            guard try readPage() else { return nil }
        }
    }

    private mutating func take() -> TailFormat.Frame? {
        let left = pending.count - offset
        guard left >= TailFormat.frameHeaderBytes else { return nil }
        let (length, check): (UInt32, UInt32) = pending.withUnsafeBytes { bytes in
            (
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)),
                UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self))
            )
        }
        guard length <= TailFormat.mostBodyBytes else {
            return lose("a frame of \(length) bytes before page \(page) of the tail")
        }
        let size = TailFormat.frameHeaderBytes + Int(length)
        guard left >= size else { return nil }
        let rest = Array(pending[offset + 8..<offset + size])
        guard Checksum.of(rest) == check else {
            return lose("a frame with another checksum before page \(page) of the tail")
        }
        framePage = starts.last { $0.offset <= offset }?.page ?? framePage
        offset += size
        return frame(rest)
    }

    private mutating func frame(_ rest: [UInt8]) -> TailFormat.Frame? {
        var reader = ByteReader(rest)
        guard let number = try? reader.fixed(UInt64.self, "frame's number"),
            let run = try? reader.fixed(UInt32.self, "frame's run"),
            let kind = (try? reader.byte("frame's kind")).flatMap(TailFormat.FrameKind.init(rawValue:)),
            lastNumber.map({ number == $0 + 1 }) ?? true
        else {
            return lose("a frame out of place before page \(page) of the tail")
        }
        lastNumber = number
        return TailFormat.Frame(
            number: number, run: Int64(run), kind: kind,
            body: Array(rest[(TailFormat.frameHeaderBytes - 8)...]))
    }

    private mutating func lose(_ what: String) -> TailFormat.Frame? {
        if damage.count < TailReader.mostDamage { damage.append(what) }
        (pending, offset, starts, synchronised, lastNumber) = ([], 0, [], false, nil)
        return nil
    }

    /// Takes in one more page; false where the log ends.
    private mutating func readPage() throws(StoreError) -> Bool {
        let statement = try database.statement("SELECT body FROM tail WHERE id = ?")
        defer { statement.reset() }
        guard try statement.bind(1, map.row(of: page)).step() else { return false }
        let bytes = statement.bytes(0)
        guard bytes.count == TailFormat.pageBytes,
            let found = TailFormat.PageHeader(Array(bytes[..<TailFormat.pageHeaderBytes])), found.number == page
        else { return false }
        header = found
        page += 1
        var from = TailFormat.pageHeaderBytes
        if !synchronised {
            // The first page may begin in the middle of a frame that nobody needs any more.
            guard found.firstFrame > 0 else { return true }
            from = found.firstFrame
            synchronised = true
        }
        if offset > 1 << 16 {
            pending.removeFirst(offset)
            starts.removeFirst(starts.lastIndex { $0.offset <= offset } ?? 0)
            starts = starts.map { ($0.offset - offset, $0.page) }
            offset = 0
        }
        if found.firstFrame > 0 {
            starts.append((pending.count + found.firstFrame - from, found.number))
        }
        pending += bytes[from..<found.used]
        return true
    }
}
