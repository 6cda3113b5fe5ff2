/// One adapter, as a state machine: what it is told, what it hears, and what is to be done about it. It owns the power,
/// the keys and the recovery in exclusive mode; beside bluetoothd (shared) it only adds a monitor of its own and listens.
///
/// One command is under way at a time; the next is sent when it was answered or its time ran out.
struct AdapterMachine {
    enum Mode: String, Sendable { case exclusive, shared }

    enum Phase: Hashable, Sendable {
        case settingUp
        case listening
        /// Nothing can be done for now; the sentence says why. Tried again later.
        case waiting(String)
    }

    enum Event {
        case start
        case reply(opcode: UInt16, MgmtStatus, payload: [UInt8])
        case event(MgmtEvent)
        case timer
        /// Keys of bonded devices changed; the kernel's table is to be replaced by `bonds`.
        case bondsChanged
        case wantDuty(ScanDuty)
        /// Ask devices for their scan responses until then; nil ends it.
        case wantActive(until: Int64?)
        /// Connecting and discovering at once upsets some radios: discovery pauses.
        case connecting(Bool)
        /// Somebody asked for a reset.
        case reset
    }

    enum Directive: Hashable {
        case send(MgmtCommand)
        /// USB reset and radio switch, by the privileged helper.
        case resetHardware
        case log(String)
    }

    struct Counters: Hashable, Sendable {
        var monitorsLost: UInt64 = 0
        var commandsTimedOut: UInt64 = 0
        var commandsRefused: UInt64 = 0
        var controllerErrors: UInt64 = 0
        var resetsAsked: UInt64 = 0
    }

    /// Between two attempts to set up an adapter that refused.
    static let retry: Int64 = 15_000_000_000
    /// Between two looks at whether it is silent, where nothing is heard.
    static let look: Int64 = 10_000_000_000

    let mode: Mode
    private(set) var phase: Phase = .settingUp
    private(set) var info: AdapterInfo?
    private(set) var settings: MgmtSettings = []
    private(set) var counters = Counters()
    private(set) var silence = SilenceWatch()
    private(set) var ladder = RecoveryLadder()
    private(set) var monitor: UInt16?
    private(set) var discovering = false
    private(set) var duty: ScanDuty
    /// Set by the owner before `bondsChanged` and before `start`.
    var bonds: [Bond] = []

    private var queue: [MgmtCommand] = []
    private var underWay: (command: MgmtCommand, until: Int64)?
    private var retryAt: Int64?
    private var activeUntil: Int64?
    private var isConnecting = false
    /// When to ask whether the radio is silent.
    private var nextLook: Int64?
    /// Ours to stop; somebody else's discovery is not.
    private var ownDiscovery = false

    init(mode: Mode, duty: ScanDuty = .full) {
        self.mode = mode
        self.duty = duty
    }

    /// Goes on with what was known of the same adapter before it left, so that a reset does not start the hour anew.
    mutating func inherit(_ before: AdapterMachine) {
        silence = before.silence
        ladder = before.ladder
        counters = before.counters
    }

    /// Every advertisement passes here.
    mutating func heard(now: Int64) {
        silence.heard(now: now)
        if ladder.isClimbing || ladder.exhausted { ladder.heard() }
    }

    /// When `timer` is wanted next.
    var deadline: Int64? {
        [underWay?.until, retryAt, ladder.deadline, phase == .listening ? nextLook : nil, activeUntil]
            .compactMap { $0 }.min()
    }

    /// One line for people.
    var summary: String {
        switch phase {
        case .settingUp: "being set up"
        case .waiting(let why): why
        case .listening where ladder.isClimbing: "silent, being recovered"
        case .listening where ladder.exhausted: "nothing in range"
        case .listening where silence.total == 0: "listening, nothing in range"
        case .listening: "listening"
        }
    }

    mutating func handle(_ event: Event, now: Int64) -> [Directive] {
        var out: [Directive] = []
        switch event {
        case .start: setUp(&out)
        case .reply(let opcode, let status, let payload): answered(opcode, status, payload, now, &out)
        case .event(let event): heard(event, now, &out)
        case .timer: timer(now, &out)
        case .bondsChanged: if mode == .exclusive { queue.append(contentsOf: keyCommands) }
        case .wantDuty(let wanted): change(duty: wanted)
        case .wantActive(let until):
            activeUntil = until
            steerDiscovery()
        case .connecting(let now):
            isConnecting = now
            steerDiscovery()
        case .reset:
            counters.resetsAsked += 1
            if mode == .exclusive {
                powerCycle(&out)
                out.append(.resetHardware)
            } else {
                readdMonitor()
            }
        }
        sendNext(now, &out)
        return out
    }
}

// MARK: - Setting up

extension AdapterMachine {
    private var keyCommands: [MgmtCommand] {
        [.loadLongTermKeys(bonds.flatMap(\.longTermKeys)), .loadIdentityKeys(bonds.compactMap(\.identityKey))]
    }

    private mutating func setUp(_ out: inout [Directive]) {
        phase = .settingUp
        retryAt = nil
        monitor = nil
        queue = [.readInfo]
        underWay = nil
    }

    /// What follows once the kernel told what the adapter is.
    private mutating func setUp(after info: AdapterInfo, now: Int64, _ out: inout [Directive]) {
        self.info = info
        settings = info.current
        guard info.supported.contains(.lowEnergy) else {
            wait("this adapter has no Bluetooth Low Energy", now)
            return
        }
        switch mode {
        case .exclusive:
            queue += [.setLowEnergy(true), .setBondable(true), .setIOCapability(.keyboardDisplay)]
            if info.supported.contains(.secureConnections) { queue.append(.setSecureConnections(true)) }
            queue += keyCommands
            queue += [.setScanDuty(duty), .setPowered(true), .addMonitor]
        case .shared:
            guard settings.contains(.powered) else {
                wait("off; bluetoothd owns its power: bluetoothctl power on", now)
                return
            }
            queue.append(.addMonitor)
        }
    }

    private mutating func wait(_ why: String, _ now: Int64) {
        phase = .waiting(why)
        queue = []
        retryAt = now + AdapterMachine.retry
    }

    private mutating func sendNext(_ now: Int64, _ out: inout [Directive]) {
        guard underWay == nil, !queue.isEmpty else { return }
        let command = queue.removeFirst()
        underWay = (command, now + command.timeoutMs * 1_000_000)
        out.append(.send(command))
    }

    private mutating func answered(
        _ opcode: UInt16, _ status: MgmtStatus, _ payload: [UInt8], _ now: Int64, _ out: inout [Directive]
    ) {
        guard let command = underWay?.command, command.opcode == opcode else { return }
        underWay = nil
        guard status == .success else {
            refused(command, status, now, &out)
            return
        }
        switch command {
        case .readInfo:
            guard let info = AdapterInfo(payload) else {
                wait("the kernel's description of it is too short", now)
                return
            }
            setUp(after: info, now: now, &out)
        case .setPowered(let on):
            if on { settings.insert(.powered) } else { settings.remove(.powered) }
        case .addMonitor:
            if payload.count >= 2 { monitor = UInt16(payload[0]) | UInt16(payload[1]) << 8 }
            if phase != .listening { out.append(.log("listening (\(mode.rawValue) mode)")) }
            phase = .listening
            nextLook = max(nextLook ?? 0, now + AdapterMachine.look)
            steerDiscovery()
        case .startDiscovery: (discovering, ownDiscovery) = (true, true)
        case .stopDiscovery: (discovering, ownDiscovery) = (false, false)
        default: break
        }
    }

    private mutating func refused(
        _ command: MgmtCommand, _ status: MgmtStatus, _ now: Int64, _ out: inout [Directive]
    ) {
        counters.commandsRefused += 1
        switch command {
        case .readInfo, .setPowered, .addMonitor:
            out.append(.log("\(command.name) was refused: \(status)"))
            if status == .blockedByRfkill { out.append(.resetHardware) }
            wait("\(command.name): \(status)", now)
        case .startDiscovery where status == .busy: discovering = true  // somebody else's; their reports reach us too
        case .removeMonitor, .startDiscovery, .stopDiscovery: break
        default: out.append(.log("\(command.name) was refused: \(status)"))
        }
    }
}

// MARK: - What happens to it

extension AdapterMachine {
    private mutating func heard(_ event: MgmtEvent, _ now: Int64, _ out: inout [Directive]) {
        switch event {
        case .controllerError: counters.controllerErrors += 1
        case .newSettings(let new):
            let was = settings
            settings = new
            if was.contains(.powered), !new.contains(.powered), !isPowerCycling {
                monitor = nil
                out.append(.log("was switched off"))
                wait("switched off by someone", now)
            } else if !was.contains(.powered), new.contains(.powered), phase != .listening, underWay == nil {
                setUp(&out)
            }
        case .monitorRemoved(let handle) where handle == monitor || handle == 0:
            if isRemoving { return }
            monitor = nil
            counters.monitorsLost += 1
            out.append(.log("somebody removed our monitor; adding it again"))
            queue.append(.addMonitor)
        case .discovering(let on):
            discovering = on
            if !on { ownDiscovery = false }
            steerDiscovery()
        default: break
        }
    }

    private var isRemoving: Bool {
        if case .removeMonitor = underWay?.command { return true }
        return false
    }

    private var isPowerCycling: Bool {
        if case .setPowered = underWay?.command { return true }
        return queue.contains(.setPowered(true))
    }

    private mutating func timer(_ now: Int64, _ out: inout [Directive]) {
        if let (command, until) = underWay, now >= until {
            underWay = nil
            counters.commandsTimedOut += 1
            out.append(.log("\(command.name): the kernel did not answer"))
            if phase == .settingUp { wait("\(command.name): no answer", now) }
        }
        if let retryAt, now >= retryAt { setUp(&out) }
        if let activeUntil, now >= activeUntil {
            self.activeUntil = nil
            steerDiscovery()
        }
        guard phase == .listening, now >= nextLook ?? 0 || now >= ladder.deadline ?? .max else { return }
        nextLook = max((silence.lastHeard ?? now) + SilenceWatch.patience, now + AdapterMachine.look)
        let rungs: [RecoveryLadder.Rung] = mode == .exclusive ? RecoveryLadder.Rung.allCases : [.readdMonitor]
        let rung = ladder.step(silent: silence.isSilent(now: now), allowed: rungs, now: now)
        switch rung {
        case .readdMonitor: readdMonitor()
        case .powerCycle: powerCycle(&out)
        case .hardwareReset:
            out.append(.resetHardware)
            setUp(&out)
        case nil: return
        }
        if let rung {
            out.append(.log("silent for \((now - (silence.lastHeard ?? now)) / 1_000_000_000) s; \(rung.name)"))
        }
    }

    private mutating func readdMonitor() {
        if let monitor { queue.append(.removeMonitor(monitor)) }
        monitor = nil
        queue.append(.addMonitor)
    }

    private mutating func powerCycle(_ out: inout [Directive]) {
        monitor = nil
        queue += [.setPowered(false), .setScanDuty(duty), .setPowered(true), .addMonitor]
    }

    private mutating func change(duty wanted: ScanDuty) {
        guard wanted != duty else { return }
        duty = wanted
        // bluetoothd's settings are not ours to change.
        guard mode == .exclusive, phase == .listening else { return }
        queue.append(.setScanDuty(duty))
        readdMonitor()
    }

    private mutating func steerDiscovery() {
        guard phase == .listening else { return }
        let wanted = activeUntil != nil && !isConnecting
        let asked = queue.contains(.startDiscovery) || underWay?.command == .startDiscovery
        if wanted, !discovering, !asked { queue.append(.startDiscovery) }
        if !wanted, discovering, ownDiscovery, !queue.contains(.stopDiscovery) { queue.append(.stopDiscovery) }
    }
}
