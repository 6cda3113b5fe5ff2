import Measurements

/// Where the log of the tail stands.
struct TailPosition: Hashable {
    var map: TailMap
    /// Rows that exist.
    var rowsMade: Int
    /// The page being filled, how far, and where its first frame begins.
    var page: UInt64
    var used: Int
    var firstFrame: Int
    var nextFrame: UInt64
    /// The first page that is still needed; older ones may be overwritten.
    var keepFrom: UInt64

    static func start(rows: Int) -> TailPosition {
        TailPosition(
            map: TailMap(rows: rows), rowsMade: 0, page: 0, used: TailFormat.pageHeaderBytes, firstFrame: 0,
            nextFrame: 0, keepFrom: 0)
    }

    /// Pages that can be filled before one would be overwritten that is needed.
    var pagesLeft: Int { max(0, Int(keepFrom) + map.rows - 1 - Int(page)) }

    /// Pages between the oldest that is needed and the newest.
    var pagesKept: Int { Int(page - min(page, keepFrom)) + 1 }

    static func pages(forBytes bytes: Int) -> Int { bytes / TailFormat.roomInPage + 2 }
}

/// Writes the log of the tail, within a transaction of its caller.
struct TailWriter {
    let database: Database
    var position: TailPosition
    /// The rows that the tail may grow to.
    let mostRows: Int
    /// Set when the table of pages changed, which must be stored with it.
    private(set) var grew = false
    private var blob: BlobHandle?
    private var openRow: Int64 = 0

    init(_ database: Database, _ position: TailPosition, mostRows: Int) {
        self.database = database
        self.position = position
        self.mostRows = mostRows
    }

    /// Appends a frame; returns the page on which it begins.
    mutating func append(_ kind: TailFormat.FrameKind, run: Int64, _ body: [UInt8]) throws(StoreError) -> UInt64 {
        let frame = TailFormat.Frame(number: position.nextFrame, run: run, kind: kind, body: body)
        position.nextFrame += 1
        let bytes = frame.bytes
        var offset = 0
        var begins: UInt64?
        while offset < bytes.count {
            if position.used == TailFormat.pageBytes { try turnPage() }
            if begins == nil {
                begins = position.page
                if position.firstFrame == 0 { position.firstFrame = position.used }
            }
            let count = min(TailFormat.pageBytes - position.used, bytes.count - offset)
            let blob = try handle()
            try blob.write(bytes[offset..<offset + count], at: position.used)
            position.used += count
            offset += count
            try blob.write(header.bytes, at: 0)
        }
        return begins ?? position.page
    }

    private var header: TailFormat.PageHeader {
        TailFormat.PageHeader(number: position.page, used: position.used, firstFrame: position.firstFrame)
    }

    private mutating func turnPage() throws(StoreError) {
        if position.pagesLeft == 0, position.map.rows < mostRows {
            position.map.grow(by: min(position.map.rows, mostRows - position.map.rows), after: position.page)
            grew = true
        }
        guard position.pagesLeft > 0 else {
            throw StoreError(
                cause: .refused, statement: "tail", path: database.path,
                message: "the tail is full of samples that no pack has taken")
        }
        position.page += 1
        position.used = TailFormat.pageHeaderBytes
        position.firstFrame = 0
    }

    private mutating func handle() throws(StoreError) -> BlobHandle {
        let row = position.map.row(of: position.page)
        if let blob, openRow == row { return blob }
        if row > position.rowsMade {
            blob = nil
            try database.statement("INSERT INTO tail VALUES (?, ?)")
                .bind(1, row).bind(2, zeros: TailFormat.pageBytes).execute()
            position.rowsMade = Int(row)
        }
        openRow = row
        if let blob {
            try blob.move(to: row)
            return blob
        }
        let made = try BlobHandle(database, table: "tail", column: "body", row: row, writable: true)
        blob = made
        return made
    }

    /// To be called before the transaction ends.
    mutating func finish() throws(StoreError) {
        try blob?.close()
        blob = nil
    }
}
