import Hashing
import Identity
import Measurements
import Store
import System

/// Finishes runs whose process is gone: brings what it left in memory to the disk, closes blocks over committed samples
/// that are in none, and seals them, so that a kill costs nothing and a power cut no more than it must.
struct RunFinisher {
    /// What was found and done, for the log and `status`.
    struct Report: Sendable {
        var replayedSamples: UInt64 = 0
        var closedBlocks = 0
        var damage: [String] = []
        /// Seals that were made now, with what they hold.
        var sealed: [(key: RunKey, seal: Signed<Seal>, blocks: [BlockHead])] = []
    }

    private struct Run {
        var boot: BootID
        var declarations: [StreamNumber: StreamDeclaration] = [:]
        var writers: [StreamNumber: StreamWriter] = [:]
        var commit: Commit
    }

    private let identity: IdentityKey
    private var runs: [RunID: Run] = [:]
    private(set) var report = Report()

    init(identity: IdentityKey, opened: RingOpened) {
        self.identity = identity
        report.damage = opened.damage
        for left in opened.unfinished where left.key.gateway == identity.id { take(left) }
    }

    /// Writes all of it through `ring`. `left` is what the pending buffer held, `boot` the boot in which it was filled.
    mutating func finish(_ left: [PendingBuffer.Batch], boot: BootID, ring: Ring) throws -> Report {
        for batch in left { try replay(batch, boot: boot, ring: ring) }
        for (id, run) in runs.sorted(by: { $0.key < $1.key }) { try close(id, run, ring: ring) }
        return report
    }

    private mutating func take(_ left: RingOpened.Unfinished) {
        guard let declaration = left.declaration else {
            report.damage.append("stream \(left.key.stream) of run \(left.key.run) has no declaration")
            return
        }
        var run = runs[left.key.run] ?? fresh(left.key.run, boot: left.boot)
        var writer = StreamWriter(
            key: left.key, boot: left.boot, attribute: declaration.attribute, nextNumber: left.from)
        for segment in left.segments {
            do {
                try writer.replay(segment, now: 0)
            } catch {
                report.damage.append("a commit of stream \(left.key.stream): \(error)")
            }
        }
        run.declarations[left.key.stream] = declaration
        run.writers[left.key.stream] = writer
        runs[left.key.run] = run
    }

    private mutating func replay(_ batch: PendingBuffer.Batch, boot: BootID, ring: Ring) throws {
        var run = runs[batch.run] ?? fresh(batch.run, boot: boot)
        defer { runs[batch.run] = run }
        let key = StreamKey(gateway: identity.id, run: batch.run, stream: batch.stream)
        if batch.count == 0 {
            // A record: the declaration of a stream, or the opening of the run.
            guard let words = try? Commit(batch.body) else { return }
            for declaration in words.declarations where run.declarations[declaration.number] == nil {
                run.declarations[declaration.number] = declaration
                run.commit.declarations.append(declaration)
            }
            if let open = words.open { run.commit.open = open }
            return
        }
        guard let declaration = run.declarations[batch.stream] else {
            report.damage.append("samples of stream \(batch.stream) that nothing declares")
            return
        }
        let committed = try ring.committedNext(of: key)
        let segment = Segment(stream: batch.stream, first: batch.first, count: Int(batch.count), packed: batch.body)
        guard segment.end > committed else { return }
        var writer =
            run.writers[batch.stream]
            ?? StreamWriter(key: key, boot: run.boot, attribute: declaration.attribute, nextNumber: committed)
        do {
            try writer.replay(segment, now: 0)
            run.commit.segments.append(segment)
            report.replayedSamples += UInt64(segment.count)
        } catch {
            report.damage.append("a batch of stream \(batch.stream) in the pending buffer: \(error)")
        }
        run.writers[batch.stream] = writer
    }

    private mutating func close(_ id: RunID, _ run: Run, ring: Ring) throws {
        var blocks: [Block] = []
        var next: [Seal.Next] = []
        for (number, var writer) in run.writers.sorted(by: { $0.key < $1.key }) {
            blocks += writer.closeAll()
            next.append(Seal.Next(stream: number, number: writer.closedNumber))
        }
        guard !blocks.isEmpty || !run.commit.isEmpty else { return }
        report.closedBlocks += blocks.count
        var write = RingWrite(gateway: identity.id, blocks: blocks)
        if !run.commit.isEmpty { write.commit = run.commit }
        let chain = try ring.readers.makeReader().lastSeal(of: RunKey(gateway: identity.id, run: id))?.record
        if let previous = chain?.hash ?? run.commit.open?.record.hash {
            var sealer = Sealer(
                identity: identity, run: id, previous: previous, number: chain.map { $0.number + 1 } ?? 0)
            sealer.gather(blocks: blocks, gaps: [], declarations: run.commit.declarations, anchors: [])
            if let made = sealer.seal(next: next, now: run.commit.time) {
                write.seals = [made.seal]
                report.sealed.append((key: RunKey(gateway: identity.id, run: id), seal: made.seal, blocks: made.blocks))
            }
        }
        try ring.write(write, now: SystemClock.unixTime / 1_000_000_000)
    }

    private func fresh(_ id: RunID, boot: BootID) -> Run {
        // The run's own commits count up from 0; the highest number says that this one came after its end.
        Run(boot: boot, commit: Commit(run: id, number: UInt64(UInt32.max), time: SystemClock.bootTime))
    }
}
