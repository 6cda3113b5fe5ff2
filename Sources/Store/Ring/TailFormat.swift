import Measurements

/// The tail is a log over pages: page n of the log lies in some row of the table, one row a page of SQLite, so that a
/// small commit changes one page of the file and nothing else.
///
/// Page: number in the log (8), bytes used, this header included (2), where the first frame that begins here begins, 0
/// where none does (2), zero (4); then frames, which go on from page to page. Frame: bytes of the body (4), CRC-32C of
/// the rest (4), number of the frame (8), run (4), kind (1), body. Little-endian.
enum TailFormat {
    /// Fills the page: a row of this size stands alone in its leaf.
    static let pageBytes = 4_056
    static let pageHeaderBytes = 16
    static let roomInPage = pageBytes - pageHeaderBytes
    static let frameHeaderBytes = 21
    /// A commit, or a block with all of its heads.
    static let mostBodyBytes = Commit.mostBytes

    enum FrameKind: UInt8 {
        case commit = 1
        /// That a block was closed over samples that earlier commits hold.
        case mark = 2
        /// A block of somebody else, whole.
        case carried = 3
    }

    struct Frame {
        var number: UInt64
        var run: Int64
        var kind: FrameKind
        var body: [UInt8]

        var bytes: [UInt8] {
            var rest = ByteWriter(reserving: body.count + TailFormat.frameHeaderBytes)
            rest.fixed(number)
            rest.fixed(UInt32(truncatingIfNeeded: run))
            rest.byte(kind.rawValue)
            rest.raw(body)
            var writer = ByteWriter(reserving: rest.count + 8)
            writer.fixed(UInt32(body.count))
            writer.fixed(Checksum.of(rest.bytes))
            writer.raw(rest.bytes)
            return writer.bytes
        }
    }

    struct PageHeader: Hashable {
        var number: UInt64
        var used: Int
        var firstFrame: Int

        var bytes: [UInt8] {
            var writer = ByteWriter(reserving: TailFormat.pageHeaderBytes)
            writer.fixed(number)
            writer.fixed(UInt16(used))
            writer.fixed(UInt16(firstFrame))
            writer.fixed(UInt32(0))
            return writer.bytes
        }

        init(number: UInt64, used: Int, firstFrame: Int) {
            self.number = number
            self.used = used
            self.firstFrame = firstFrame
        }

        /// Nil where the page was never used or is damaged.
        init?(_ bytes: [UInt8]) {
            var reader = ByteReader(bytes)
            guard let number = try? reader.fixed(UInt64.self, "page's number"),
                let used = try? reader.fixed(UInt16.self, "page's use"),
                let first = try? reader.fixed(UInt16.self, "page's first frame"),
                used >= TailFormat.pageHeaderBytes, used <= TailFormat.pageBytes, first <= used
            else { return nil }
            self.init(number: number, used: Int(used), firstFrame: Int(first))
        }
    }
}
