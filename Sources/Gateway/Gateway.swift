import Hashing
import Identity
import Links
import Measurements
import Settings
import Store
import System

/// A running Bothy: everything between the ways in and the front. Confined to its loop, but for what says otherwise.
public final class Gateway {
    public let loop: Loop
    public let options: Options
    public internal(set) var configuration: Configuration
    public let identity: IdentityKey
    public let run: RunKey
    public let boot: BootID
    public let feed: LiveFeed
    public let state: StateKeeper
    public let readers: RingReaders
    /// Components that belong to the front, such as the API, are added here before `start`.
    public let root: Supervisor
    public internal(set) var events = EventLog()
    /// Told of each event as it happens.
    public var onEvent: (Event) -> Void = { _ in }

    public let network: Network
    let intake: Intake
    let clock: ClockKeeper
    let gauge: RingGauge
    let decoders: DecoderFolders
    let radioMemory: RadioMemory
    let recorder: Recorder
    let disk: Disk
    let sensors: Supervisor
    let stateLock: StateLock
    let manager = ServiceManager()
    let opened: RingOpened
    let recovery: RunFinisher.Report
    let begun = SystemClock.bootTime
    var linkComponents: [String: LinkComponent] = [:]
    var ending: Ending?

    struct Ending {
        var status: Int32
        var finished: () -> Void
    }

    /// Opens everything that is precious; nothing is recorded before `start`. May take as long as the disk does.
    public init(options: Options, configuration: Configuration, loop: Loop, diskLoop: Loop) throws {
        self.options = options
        self.configuration = configuration
        self.loop = loop
        try Files.makeFolder(options.stateFolder, mode: 0o700)
        try Files.makeFolder(options.runtimeFolder, mode: 0o755)
        stateLock = try StateLock(folder: options.stateFolder)
        let keys = KeyFolder(path: options.stateFolder)
        let identity = try keys.identity()
        self.identity = identity.key
        boot = MachineFacts.boot()
        state = try StateKeeper(
            path: options.stateFolder + "/state.db",
            migrations: [SensorMemory.migrations, RadioMemory.migrations, TrustMemory.migrations], loop: diskLoop)
        disk = Disk(path: options.stateFolder + "/ring.db", gateway: identity.key.id, loop: diskLoop)
        (opened, readers) = try disk.open(configuration.ringLimits)
        let (pending, left) = try PendingBuffer.open(at: options.runtimeFolder + "/pending")
        (run, recovery) = (
            RunKey(gateway: identity.key.id, run: RunID(high: SystemRandom.uint64(), low: SystemRandom.uint64())),
            try Gateway.finishEarlierRuns(left, identity: identity.key, boot: boot, opened: opened, disk: disk)
        )
        let opening = try Gateway.open(run, identity: identity.key, boot: boot, version: options.version, disk: disk)
        feed = LiveFeed(loop: loop)
        recorder = Recorder(opening: opening, identity: identity.key, disk: disk, pending: pending, loop: loop)
        recorder.timing = configuration.recorderTiming
        intake = Intake(
            run: run, boot: boot, recorder: recorder, feed: feed, memory: try SensorMemory(state),
            limits: configuration.intakeLimits)
        network = try Network(
            loop: loop, identity: identity.key, keys: keys, disk: disk, state: state, recorder: recorder,
            opening: opening, isFreshRing: opened.condition != .existing, configuration: configuration,
            version: options.version)
        gauge = RingGauge(disk: disk, loop: loop)
        decoders = DecoderFolders(configuration.decoderFolders, loop: loop)
        radioMemory = RadioMemory(state)
        let events = Relay<Event>()
        clock = ClockKeeper(
            loop: loop, boot: boot, note: { [recorder] in recorder.note($0) },
            jumped: { events.send(Event(.notice, "clock", "the clock was set by \(Double($0 / 1_000_000) / 1000) s")) })
        root = Supervisor(name: "root", .restForOne, restarts: 5, seconds: 10, scheduler: loop)
        sensors = Supervisor(
            name: "sensors", .oneForOne, restarts: 5, seconds: 10, exhaustion: .rest, scheduler: loop)
        events.receive = { [weak self] in self?.note($0) }
        assemble(isNew: identity.isNew, wasExposed: identity.wasExposed)
    }

    private func assemble(isNew: Bool, wasExposed: Bool) {
        let store = Supervisor(name: "store", .oneForOne, restarts: 3, seconds: 5, scheduler: loop)
        store.add(RecorderComponent(recorder))
        store.add(clock)
        store.add(gauge)
        root.add(store)
        root.add(sensors)
        let peering = Supervisor(
            name: "peering", .restForOne, restarts: 3, seconds: 5, exhaustion: .rest, scheduler: loop)
        peering.add(network.component)
        root.add(peering)
        network.finished(recovery)
        recorder.onCommit = { [weak self] in self?.network.committed($0) }
        network.synchroniser.note = { [weak self] in self?.note($0) }
        network.component.onAlarm = { [weak self] in self?.note(Event(.warning, "peering", "\($0)")) }
        intake.onEvent = { [weak self] in self?.note($0) }
        intake.onLinkFailed = { [weak self] link, error in self?.linkComponents[link.name]?.linkFailed(Failure(error)) }
        intake.onClockAnchor = { [weak self] in self?.recorder.note($0) }
        decoders.onChange = { [weak self] in self?.take($0) }
        recorder.onTrouble = { [weak self] in self?.note(trouble: $0) }
        if isNew { note(Event(.notice, "identity", "a new identity was made: \(KeyText.short(identity.id))")) }
        if wasExposed { note(Event(.warning, "identity", "others could read the identity's file until now")) }
        noteOpening()
    }

    /// Starts every component. Failures that end the process are told through `finished`.
    public func start(finished: @escaping () -> Void) throws {
        for link in plannedLinks() { add(link) }
        decoders.start()
        try root.start { [weak self] failure in
            guard let self else { return }
            self.note(Event(.error, "supervision", "giving up: \(failure.reason)"))
            var status = ExitStatus.gaveUp
            if case .endProcess(let wished) = failure.wish { status = wished }
            self.stop(status: status, finished: finished)
        }
        manager.ready(headline)
        startWatchdog()
    }

    public func note(_ event: Event) {
        let event = events.append(event)
        Log.log(event.level, event.part, event.message)
        onEvent(event)
    }

    private func note(trouble: StoreError?) {
        if let trouble {
            note(Event(.error, "store", "nothing reaches the disk: \(trouble)"))
        } else {
            note(Event(.notice, "store", "the disk takes commits again"))
        }
        manager.status(headline)
    }

    private func noteOpening() {
        if case .replaced(let damaged, let why) = opened.condition {
            note(
                Event(
                    .error, "store", "the ring was damaged (\(why)); it was put aside as \(damaged) and a new one begun"
                ))
        }
        for damage in opened.damage + recovery.damage { note(Event(.warning, "store", damage)) }
        if recovery.replayedSamples > 0 {
            note(
                Event(
                    .notice, "store",
                    "the last run ended without a stop; \(recovery.replayedSamples) samples that were "
                        + "not on disk yet were saved"))
        }
    }

    /// Lets a part be made before the whole that it reports to.
    private final class Relay<Message> {
        var receive: (Message) -> Void = { _ in }
        func send(_ message: Message) { receive(message) }
    }

    private static func finishEarlierRuns(
        _ left: [PendingBuffer.Batch], identity: IdentityKey, boot: BootID, opened: RingOpened, disk: Disk
    ) throws -> RunFinisher.Report {
        guard !left.isEmpty || !opened.unfinished.isEmpty else { return RunFinisher.Report() }
        do {
            return try disk.now { ring in
                var finisher = RunFinisher(identity: identity, opened: opened)
                return try finisher.finish(left, boot: boot, ring: ring)
            }
        } catch {
            // A box that does not start records nothing: what could not be saved is said, and recording goes on.
            var report = RunFinisher.Report()
            report.damage.append("\(left.count) batches of the last run could not be saved: \(error)")
            return report
        }
    }

    private static func open(
        _ run: RunKey, identity: IdentityKey, boot: BootID, version: String, disk: Disk
    ) throws -> Signed<RunOpen> {
        let (last, seal) = try disk.now { ring in
            let reader = try ring.readers.makeReader()
            let last = try reader.runs().compactMap { $0.open?.record }.filter { $0.gateway == run.gateway }
                .max { $0.ordinal < $1.ordinal }
            return (last, try last.flatMap { try reader.lastSeal(of: $0.key)?.record })
        }
        return identity.sign(
            RunOpen(
                gateway: run.gateway, run: run.run, ordinal: last.map { $0.ordinal + 1 } ?? 0,
                previousRun: last?.run ?? .none, previousSeal: seal?.hash ?? .zero, boot: boot,
                opened: SystemClock.bootTime, hardware: HardwareFingerprint.read().digest, version: version))
    }
}
