import Measurements

/// Goes through what the tail holds of one stream, or of all, some pages a snapshot.
struct TailScan {
    enum Found {
        case segment(StreamKey, Segment)
        case mark(TailMark)
        case carried(TailCarried)
    }

    let reader: RingReader
    /// Commits of other runs are not looked into.
    let run: RunKey?
    /// Frames read in one snapshot.
    static let framesAtOnce = 64

    init(_ reader: RingReader, run: RunKey?) {
        self.reader = reader
        self.run = run
    }

    func run(_ body: (Found) throws(StoreError) -> Bool) throws(StoreError) {
        var keys: [Int64: RunKey] = [:]
        guard
            var tail = try reader.snapshot({ database throws(StoreError) -> TailReader? in
                try TailScan.reader(database)
            })
        else { return }
        while true {
            let frames = try reader.snapshot { database throws(StoreError) in
                // A snapshot that is tried again must not leave the reader further on.
                var (next, frames): (TailReader, [TailFormat.Frame]) = (tail, [])
                while frames.count < TailScan.framesAtOnce, let frame = try next.next() {
                    frames.append(frame)
                    if frame.kind == .commit, keys[frame.run] == nil {
                        keys[frame.run] = try TailScan.key(of: frame.run, database)
                    }
                }
                return (next, frames)
            }
            tail = frames.0
            if frames.1.isEmpty { return }
            for frame in frames.1 where try !deliver(frame, keys, body) { return }
        }
    }

    private func deliver(
        _ frame: TailFormat.Frame, _ keys: [Int64: RunKey], _ body: (Found) throws(StoreError) -> Bool
    ) throws(StoreError) -> Bool {
        switch frame.kind {
        case .commit:
            guard let key = keys[frame.run], run == nil || run == key, let commit = try? Commit(frame.body) else {
                return true
            }
            for segment in commit.segments {
                guard try body(.segment(StreamKey(key, stream: segment.stream), segment)) else { return false }
            }
        case .mark:
            for mark in (try? TailMark.list(frame.body)) ?? [] { guard try body(.mark(mark)) else { return false } }
        case .carried:
            if let carried = try? TailCarried(frame.body) { return try body(.carried(carried)) }
        }
        return true
    }

    private static func reader(_ database: Database) throws(StoreError) -> TailReader? {
        guard let position = try TailPlace.load(database) else {
            return TailReader(database, TailMap(rows: RingRecovery.firstRows), from: 0)
        }
        return TailReader(database, position.map, from: position.keepFrom)
    }

    private static func key(of run: Int64, _ database: Database) throws(StoreError) -> RunKey? {
        let statement = try database.statement("SELECT gateway, run FROM run WHERE id = ?")
        defer { statement.reset() }
        guard try statement.bind(1, run).step(), let gateway = GatewayID(statement.bytes(0)),
            let id = RunID(statement.bytes(1))
        else { return nil }
        return RunKey(gateway: gateway, run: id)
    }
}
