import Identity
import Measurements
import Store
import System

/// Brings samples to the disk: keeps them safe against a kill at once, commits them together when it is time, closes
/// blocks and seals them. Confined to the gateway's loop; the disk has a loop of its own. Outlives the component that
/// drives it, so that a restart of the store loses nothing.
final class Recorder {
    struct Timing: Sendable {
        /// Nil chooses by the rate.
        var commitEveryMs: Int64?
        static let busyMs: Int64 = 1_000
        static let calmMs: Int64 = 10_000
        static let busySamplesPerSecond = 100.0
        static let commitBytes = 32 << 10
    }

    /// How recording is, for `status` and the watchdog.
    struct Health: Sendable {
        var commits: UInt64 = 0
        var blocks: UInt64 = 0
        var seals: UInt64 = 0
        var lastCommit: BootTime?
        var lastCommitTookNs: Int64 = 0
        var failures: UInt64 = 0
        var trouble: String?
        var overflow: UInt64 = 0
    }

    var timing = Timing()
    private(set) var health = Health()
    let run: RunKey
    private let loop: Loop
    private let disk: Disk
    private let pending: PendingBuffer
    private var sealer: Sealer
    private var opening: Signed<RunOpen>?
    private var commitNumber: UInt64 = 0
    private var streams: [StreamRecord] = []
    private var dirty: [StreamRecord] = []
    private var pendingBytes = 0
    private var oldest: BootTime?
    private var rate = Rate()
    private var declarations: [StreamDeclaration] = []
    private var gaps: [GapRecord] = []
    private var anchors: [ClockAnchor] = []
    private var timer: TimerToken?
    private var sealTimer: TimerToken?
    /// What is being written; it stays until it is durable.
    private var inFlight: DiskWrite?
    private var retryMs: Int64 = 0
    private var onDurable: [() -> Void] = []
    var onCommit: (DiskWrite) -> Void = { _ in }
    var onTrouble: (StoreError?) -> Void = { _ in }

    static let longestRetryMs: Int64 = 5_000

    init(opening: Signed<RunOpen>, identity: IdentityKey, disk: Disk, pending: PendingBuffer, loop: Loop) {
        self.loop = loop
        self.disk = disk
        self.pending = pending
        self.opening = opening
        run = opening.record.key
        sealer = Sealer(identity: identity, run: run.run, previous: opening.record.hash)
        pending.begin(run.run)
        // So that a run that dies before its first commit can be finished all the same.
        let words = Commit(run: run.run, number: 0, time: 0, open: opening).bytes
        _ = pending.append(stream: 0, first: 0, count: 0, words)
    }

    // MARK: What comes in

    func declare(_ stream: StreamDeclaration) {
        declarations.append(stream)
        // So that a replay knows the stream even if the process dies before the next commit.
        let words = Commit(run: run.run, number: 0, time: 0, declarations: [stream]).bytes
        _ = pending.append(stream: stream.number, first: 0, count: 0, words)
        noteOldest()
    }

    func adopt(_ stream: StreamRecord) { streams.append(stream) }

    func note(_ gap: GapRecord) {
        gaps.append(gap)
        noteOldest()
    }

    func note(_ anchor: ClockAnchor) {
        anchors.append(anchor)
        noteOldest()
    }

    /// Gives the samples their numbers and keeps what there is room for; says how many.
    func take(_ samples: Samples, into stream: StreamRecord) -> Int {
        let room = StreamWriter.mostPending - stream.writer.pendingCount
        let part = room >= samples.count ? samples : samples[0..<max(0, room)]
        var kept = part.count
        if kept > 0 {
            let first = stream.writer.nextNumber
            let packed = Packing.pack(part)
            if pending.append(stream: stream.number, first: first, count: UInt32(kept), packed) {
                pendingBytes += packed.count
                stream.writer.append(part)
            } else {
                kept = 0
            }
        }
        if kept < samples.count {
            stream.writer.refuse(samples.count - kept)
            health.overflow += UInt64(samples.count - kept)
        }
        rate.add(kept, now: SystemClock.bootTime)
        touch(stream)
        if pendingBytes >= Timing.commitBytes { commit() }
        return kept
    }

    /// The next commit has something to take from this stream.
    func touch(_ stream: StreamRecord) {
        if !stream.isDirty {
            stream.isDirty = true
            dirty.append(stream)
        }
        noteOldest()
    }

    // MARK: Bringing it to disk

    func startTimers() {
        sealTimer = loop.repeating(everyMs: Sealer.everyMs) { [weak self] in self?.seal() }
        if oldest != nil { arm() }
        retry()
    }

    func stopTimers() {
        for token in [timer, sealTimer] { if let token { loop.cancel(token) } }
        (timer, sealTimer) = (nil, nil)
    }

    /// Commits what is pending and calls `done` when it is durable, or at once where nothing is pending.
    func flush(done: @escaping () -> Void) {
        commit()
        if inFlight == nil { done() } else { onDurable.append(done) }
    }

    /// The end of a run: commits, closes every block, seals.
    func finish(done: @escaping () -> Void) {
        flush { [weak self] in
            guard let self else { return done() }
            var write = DiskWrite()
            for stream in self.streams { write.blocks += stream.writer.closeAll() }
            self.sealer.gather(blocks: write.blocks, gaps: [], declarations: [], anchors: [])
            write.take(self.sealer.seal(next: self.nextNumbers, now: SystemClock.bootTime))
            if write.isEmpty { return done() }
            self.onDurable.append(done)
            self.send(write)
        }
    }

    /// What is in closed blocks becomes sealed.
    func seal() { seal(closing: false) }

    /// Everything recorded so far is committed, closed and sealed: a peer is here and wants to see it.
    func sealNow() { flush { [weak self] in self?.seal(closing: true) } }

    private func seal(closing: Bool) {
        guard inFlight == nil else {
            if closing { onDurable.append { [weak self] in self?.seal(closing: true) } }
            return
        }
        var write = DiskWrite()
        let now = SystemClock.bootTime
        for stream in streams {
            write.blocks += closing ? stream.writer.closeAll() : stream.writer.takeBlocks(now: now)
        }
        sealer.gather(blocks: write.blocks, gaps: [], declarations: [], anchors: [])
        write.take(sealer.seal(next: nextNumbers, now: now))
        if !write.isEmpty { send(write) }
    }

    var pendingFill: (bytes: Int, most: Int) { (pending.used, pending.halfBytes) }

    /// The window a sample may wait before it is on disk.
    var windowMs: Int64 {
        if let fixed = timing.commitEveryMs { return fixed }
        return rate.perSecond(now: SystemClock.bootTime) >= Timing.busySamplesPerSecond ? Timing.busyMs : Timing.calmMs
    }

    /// True where what was promised to be on disk by now is.
    func isInTime(now: BootTime) -> Bool {
        guard let oldest else { return inFlight == nil || now - (health.lastCommit ?? now) < 10_000_000_000 }
        return now - oldest < windowMs * 1_000_000 + 10_000_000_000
    }

    private var nextNumbers: [Seal.Next] {
        streams.map { Seal.Next(stream: $0.number, number: $0.writer.closedNumber) }
    }

    private func noteOldest() {
        guard oldest == nil else { return }
        oldest = SystemClock.bootTime
        arm()
    }

    private func arm() {
        guard timer == nil, let oldest else { return }
        timer = loop.schedule(at: min(oldest + windowMs * 1_000_000, SystemClock.bootTime + Timing.busyMs * 1_000_000))
        {
            [weak self] in self?.timerFired()
        }
    }

    private func timerFired() {
        timer = nil
        guard let oldest else { return }
        if SystemClock.bootTime >= oldest + windowMs * 1_000_000 { commit() } else { arm() }
    }

    private func commit() {
        guard inFlight == nil, oldest != nil else { return }
        let now = SystemClock.bootTime
        var commit = Commit(
            run: run.run, number: commitNumber, time: now, open: opening, declarations: declarations, gaps: gaps,
            anchors: anchors)
        var blocks: [Block] = []
        for stream in dirty {
            commit.segments += stream.writer.takeSegments(now: now)
            commit.gaps += stream.writer.takeGaps(now: now, cause: "more than its quota, or than the disk took")
            blocks += stream.writer.takeBlocks(now: now)
            stream.isDirty = false
        }
        sealer.gather(blocks: blocks, gaps: commit.gaps, declarations: declarations, anchors: anchors)
        pending.turn()
        commitNumber += 1
        opening = nil
        (declarations, gaps, anchors, dirty, pendingBytes, oldest) = ([], [], [], [], 0, nil)
        send(DiskWrite(commit: commit, blocks: blocks))
    }

    private func send(_ write: DiskWrite) {
        inFlight = write
        let begun = SystemClock.bootTime
        let box = LoopBound(self, loop)
        disk.write(write) { result in
            box.post { $0.written(write, result, tookNs: SystemClock.bootTime - begun) }
        }
    }

    private func written(_ write: DiskWrite, _ result: Result<RingWritten, StoreError>, tookNs: Int64) {
        switch result {
        case .failure(let error): failed(error)
        case .success(let written): succeeded(write, written, tookNs: tookNs)
        }
    }

    /// What could not be written stays and is tried again; what comes meanwhile gathers up to its bounds and is then
    /// refused, with exact gaps.
    private func failed(_ error: StoreError) {
        health.failures += 1
        if health.trouble != error.description { onTrouble(error) }
        health.trouble = error.description
        retryMs = min(max(100, retryMs * 2), Recorder.longestRetryMs)
        loop.schedule(afterMs: retryMs) { [weak self] in self?.retry() }
    }

    private func succeeded(_ write: DiskWrite, _ written: RingWritten, tookNs: Int64) {
        if let trouble = written.trouble { Log.warning("store", "\(trouble)") }
        for loss in written.losses where loss.key.gateway == run.gateway { note(loss) }
        if health.trouble != nil { onTrouble(nil) }
        health.trouble = nil
        retryMs = 0
        inFlight = nil
        if write.commit != nil {
            pending.release()
            health.commits += 1
            health.lastCommit = SystemClock.bootTime
            health.lastCommitTookNs = tookNs
        }
        health.blocks += UInt64(write.blocks.count)
        if write.seal != nil { health.seals += 1 }
        onCommit(write)
        let done = onDurable
        onDurable = []
        for call in done { call() }
        if oldest != nil { arm() }
    }

    /// What the ring let go of to make room becomes a gap record of its own.
    private func note(_ loss: RingLoss) {
        guard !loss.wasReplicated || loss.kind == .thinned else { return }
        gaps.append(
            GapRecord(
                run: loss.key.run, stream: loss.key.stream, kind: loss.kind == .thinned ? .thinned : .evicted,
                extent: .numbers(
                    first: loss.numbers.lowerBound, end: loss.numbers.upperBound,
                    lost: loss.numbers.upperBound - loss.numbers.lowerBound),
                time: SystemClock.bootTime, cause: "the ring was full"))
    }

    private func retry() { if let inFlight, health.trouble != nil { send(inFlight) } }
}
