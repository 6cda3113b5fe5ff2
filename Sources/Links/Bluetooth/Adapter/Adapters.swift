import System

/// The adapters of this box, as they come and go: runs a machine for each, performs what it directs, keeps its timer.
final class Adapters {
    /// An adapter for people and for the interface.
    struct Status {
        var index: UInt16
        var address: BluetoothAddress?
        var mode: AdapterMachine.Mode
        var summary: String
        var listening: Bool
        var reports: UInt64
        var duty: ScanDuty
        var counters: AdapterMachine.Counters
        var recoveries: UInt64
        var rungs: [(name: String, taken: UInt64)]
        var usable: Bool
    }

    private struct Adapter {
        var machine: AdapterMachine
        var timer: TimerToken?
        var timerAt: Int64 = .max
    }

    /// Most adapters of one box that are used.
    static let most = 8

    private let loop: Loop
    private let settings: BluetoothSettings
    private let radio: any RadioAccess
    private let channel: MgmtChannel
    private var adapters: [UInt16: Adapter] = [:]
    /// Machines of adapters that left: a hardware reset makes them come back, and the ladder goes on where it was.
    private var departed: [UInt16: AdapterMachine] = [:]
    private(set) var hotPlugs: UInt64 = 0

    /// Keys for an adapter by its address, loaded when it is set up.
    var bonds: (BluetoothAddress) -> [Bond] = { _ in [] }
    /// An adapter listens now, or no longer.
    var onChange: () -> Void = {}

    init(loop: Loop, settings: BluetoothSettings, radio: any RadioAccess, channel: MgmtChannel) {
        self.loop = loop
        self.settings = settings
        self.radio = radio
        self.channel = channel
    }

    func start() {
        channel.send(.readIndexList, index: 0xFFFF) { [weak self] status, payload in
            guard let self else { return }
            guard status == .success, payload.count >= 2 else {
                Log.error("bluetooth", "the kernel does not list its adapters: \(status)")
                return
            }
            let count = Int(payload[0]) | Int(payload[1]) << 8
            for place in 0..<min(count, (payload.count - 2) / 2) {
                self.added(UInt16(payload[2 + 2 * place]) | UInt16(payload[3 + 2 * place]) << 8)
            }
            if count == 0 { Log.notice("bluetooth", "no adapter; waiting for one to be plugged in") }
        }
    }

    func stop() {
        for (index, adapter) in adapters {
            if let timer = adapter.timer { loop.cancel(timer) }
            // Our monitor would outlive us and keep the radio scanning.
            if let monitor = adapter.machine.monitor { channel.send(.removeMonitor(monitor), index: index) { _, _ in } }
        }
        adapters = [:]
    }

    // MARK: Hearing

    /// Every advertisement passes here.
    func heard(index: UInt16) { adapters[index]?.machine.heard(now: loop.now) }

    func handle(_ event: MgmtEvent, index: UInt16) {
        switch event {
        case .indexAdded:
            hotPlugs += 1
            added(index)
        case .indexRemoved: removed(index)
        case .monitorRemoved where settings.mode == .automatic && adapters[index]?.machine.mode == .exclusive:
            // bluetoothd removes everybody's monitors at its start.
            if Bluetoothd.isRunning { begin(index, mode: .shared) } else { tell(index, .event(event)) }
        default: tell(index, .event(event))
        }
    }

    // MARK: Steering

    func tell(_ index: UInt16, _ event: AdapterMachine.Event) {
        guard adapters[index] != nil else { return }
        let wasListening = adapters[index]?.machine.phase == .listening
        if case .bondsChanged = event { loadBonds(index) }
        let directives = adapters[index]?.machine.handle(event, now: SystemClock.bootTime) ?? []
        for directive in directives { perform(directive, index) }
        arm(index)
        if (adapters[index]?.machine.phase == .listening) != wasListening { onChange() }
    }

    func tellAll(_ event: AdapterMachine.Event) {
        for index in adapters.keys.sorted() { tell(index, event) }
    }

    /// The adapters that listen, by number.
    var listening: [UInt16] { adapters.keys.filter { adapters[$0]?.machine.phase == .listening }.sorted() }

    func address(of index: UInt16) -> BluetoothAddress? { adapters[index]?.machine.info?.address }
    func mode(of index: UInt16) -> AdapterMachine.Mode? { adapters[index]?.machine.mode }

    var status: [Status] {
        adapters.sorted { $0.key < $1.key }.map { index, adapter in
            let machine = adapter.machine
            return Status(
                index: index, address: machine.info?.address, mode: machine.mode, summary: machine.summary,
                listening: machine.phase == .listening, reports: machine.silence.total, duty: machine.duty,
                counters: machine.counters, recoveries: machine.ladder.recoveries,
                rungs: RecoveryLadder.Rung.allCases.map { ($0.name, machine.ladder.taken[$0] ?? 0) },
                usable: isWanted(index, machine.info?.address))
        }
    }

    // MARK: Coming and going

    private func added(_ index: UInt16) {
        guard adapters[index] == nil, adapters.count < Adapters.most else { return }
        let mode: AdapterMachine.Mode
        switch settings.mode {
        case .exclusive: mode = .exclusive
        case .shared: mode = .shared
        case .automatic: mode = Bluetoothd.isRunning ? .shared : .exclusive
        }
        begin(index, mode: mode)
    }

    private func begin(_ index: UInt16, mode: AdapterMachine.Mode) {
        if let timer = adapters[index]?.timer { loop.cancel(timer) }
        var machine = AdapterMachine(mode: mode, duty: settings.duty)
        if let before = departed.removeValue(forKey: index) ?? adapters[index]?.machine { machine.inherit(before) }
        adapters[index] = Adapter(machine: machine)
        Log.info("bluetooth", "hci\(index) found")
        // Its address is needed to know whether it is one of those named, and which keys are its own.
        channel.send(.readInfo, index: index) { [weak self] status, payload in
            guard let self, self.adapters[index]?.machine.mode == mode else { return }
            let address = AdapterInfo(payload)?.address
            guard self.isWanted(index, address) else {
                Log.info("bluetooth", "hci\(index) is not among the adapters of the configuration")
                self.adapters[index] = nil
                return
            }
            if let address { self.adapters[index]?.machine.bonds = self.bonds(address) }
            self.tell(index, .start)
        }
    }

    private func removed(_ index: UInt16) {
        guard let adapter = adapters.removeValue(forKey: index) else { return }
        if let timer = adapter.timer { loop.cancel(timer) }
        departed[index] = adapter.machine
        if departed.count > Adapters.most { departed = [index: adapter.machine] }
        Log.warning("bluetooth", "hci\(index) is gone")
        onChange()
    }

    private func isWanted(_ index: UInt16, _ address: BluetoothAddress?) -> Bool {
        settings.adapters.isEmpty || settings.adapters.contains("hci\(index)")
            || address.map { address in settings.adapters.contains { BluetoothAddress($0)?.number == address.number } }
                ?? false
    }

    private func loadBonds(_ index: UInt16) {
        guard let address = adapters[index]?.machine.info?.address else { return }
        adapters[index]?.machine.bonds = bonds(address)
    }

    // MARK: Performing

    private func perform(_ directive: AdapterMachine.Directive, _ index: UInt16) {
        switch directive {
        case .send(let command):
            channel.send(command, index: index) { [weak self] status, payload in
                self?.tell(index, .reply(opcode: command.opcode, status, payload: payload))
            }
        case .resetHardware: radio.resetHardware(index: index)
        case .log(let text): Log.notice("bluetooth", "hci\(index): \(text)")
        }
    }

    private func arm(_ index: UInt16) {
        guard let adapter = adapters[index] else { return }
        let deadline = adapter.machine.deadline ?? .max
        // A timer that comes too early asks again; only one that would come too late is replaced.
        guard deadline < adapter.timerAt || (adapter.timer == nil && deadline < .max) else { return }
        if let timer = adapter.timer { loop.cancel(timer) }
        adapters[index]?.timerAt = deadline
        adapters[index]?.timer = loop.schedule(at: deadline) { [weak self] in
            self?.adapters[index]?.timer = nil
            self?.adapters[index]?.timerAt = .max
            self?.tell(index, .timer)
        }
    }
}
