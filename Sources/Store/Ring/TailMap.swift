import Measurements

/// In which rows of the table the pages of the log lie: the rows form a circle, and the log goes round it. New rows are let
/// into the circle right after the newest page, wherever that is, so the tail can grow at any moment; the pages before
/// keep their rows.
struct TailMap: Hashable {
    /// Rows that follow each other in the circle and in the table.
    struct Run: Hashable {
        /// From 1.
        var row: Int
        var count: Int
    }

    private(set) var runs: [Run]
    private(set) var rows: Int
    /// A page and its place in the circle.
    private var anchor: (page: UInt64, place: Int)

    /// Each growing makes two runs more, and at least half as many rows.
    static let mostRuns = 256

    init(rows: Int) {
        runs = [Run(row: 1, count: rows)]
        self.rows = rows
        anchor = (0, 0)
    }

    /// Holds for the newest page, the next ones, and as many before as there are rows.
    func row(of page: UInt64) -> Int64 {
        var place = self.place(of: page)
        for run in runs {
            if place < run.count { return Int64(run.row + place) }
            place -= run.count
        }
        preconditionFailure("a place is in some run")
    }

    private func place(of page: UInt64) -> Int {
        let distance = Int(Int64(bitPattern: page &- anchor.page)) % rows
        return (anchor.place + distance + rows) % rows
    }

    /// Lets rows in after the newest page.
    mutating func grow(by count: Int, after page: UInt64) {
        let place = self.place(of: page)
        var (grown, passed): ([Run], Int) = ([], 0)
        for run in runs {
            let before = min(max(0, place + 1 - passed), run.count)
            if before > 0 { grown.append(Run(row: run.row, count: before)) }
            if passed <= place, place < passed + run.count { grown.append(Run(row: rows + 1, count: count)) }
            if before < run.count { grown.append(Run(row: run.row + before, count: run.count - before)) }
            passed += run.count
        }
        runs = grown
        rows += count
        anchor = (page, place)
    }

    static func == (left: TailMap, right: TailMap) -> Bool { left.bytes == right.bytes }
    func hash(into hasher: inout Hasher) { hasher.combine(bytes) }

    var bytes: [UInt8] {
        var writer = ByteWriter()
        writer.varint(anchor.page)
        writer.varint(anchor.place)
        writer.varint(runs.count)
        for run in runs {
            writer.varint(run.row)
            writer.varint(run.count)
        }
        return writer.bytes
    }

    init(_ bytes: [UInt8]) throws(Malformed) {
        var reader = ByteReader(bytes)
        anchor = (try reader.varint("tail's page"), try reader.count("tail's place", most: 1 << 30))
        (runs, rows) = ([], 0)
        for _ in 0..<(try reader.count("tail's runs", most: TailMap.mostRuns)) {
            let run = Run(
                row: try reader.count("tail's row", most: 1 << 30),
                count: try reader.count("tail's rows", most: 1 << 30))
            guard run.row > 0, run.count > 0 else { throw Malformed("tail's rows", .inconsistent, at: reader.offset) }
            runs.append(run)
            rows += run.count
        }
        guard anchor.place < rows else { throw Malformed("tail's place", .inconsistent, at: reader.offset) }
        try reader.finish("tail's rows")
    }
}
