/// A session with one connected device, as a state machine: the size of messages, what the device has (or is remembered to
/// have), then subscribing, writing and reading as the plan says, for as long as the link lasts.
///
/// One request is under way at a time, as the protocol demands.
struct GattSession {
    enum Event {
        /// The link stands; `security` is the kernel's level of it.
        case connected(security: Int)
        case received(UnsafeRawBufferPointer)
        /// Encryption is done, or was refused.
        case secured(level: Int)
        case timer
        case ask(Errand)
    }

    /// Something to be done once, besides the plan.
    enum Errand: Hashable, Sendable {
        case write(SessionPlan.Write)
        case read(AttUUID)
    }

    enum Directive: Hashable {
        case send([UInt8])
        case raiseSecurity(Int)
        /// Discovered anew: worth remembering.
        case remember(GattDatabase)
        /// Subscribed and written: from here on values flow.
        case running
        case value(AttUUID, [UInt8])
        case fail(SessionFailure)
        case log(String)
    }

    enum Step: Hashable {
        case mtu
        case hash
        case discovery
        case subscribe(UInt16, AttUUID, indicate: Bool)
        case write(UInt16, [UInt8])
        /// A write that is not answered.
        case command(UInt16, [UInt8])
        case read(UInt16, AttUUID, soFar: [UInt8])
    }

    private struct Reread {
        var next: Int64
        var every: Int
        init(at now: Int64, every seconds: Int) {
            next = now + Int64(seconds) * 1_000_000_000
            every = seconds
        }
    }

    static let answerTime: Int64 = 30_000_000_000
    static let securityTime: Int64 = 35_000_000_000
    static let mostErrands = 64

    let plan: SessionPlan
    let bondLevel: Int
    /// The key is ours, so that encrypting at once can start no pairing; beside bluetoothd only its own devices have one.
    let isOurBond: Bool
    private(set) var database: GattDatabase?
    private var discovery = GattDiscovery()
    /// The hash the device gives now, for what is being discovered.
    private var newHash: [UInt8] = []
    private(set) var mtu = AttPacket.smallestMTU
    private var steps: [Step] = []
    private var underWay: (step: Step, until: Int64)?
    private var security = 1
    private var securing: Int64?
    private(set) var isRunning = false
    private var hasEnded = false
    private var rereads: [AttUUID: Reread] = [:]
    private(set) var refusals: UInt64 = 0

    /// `remembered`: what the device had last time, used if its hash is still the same. `bondLevel`: the security that a
    /// stored key gives, 1 for none; more than that is never asked for, because the kernel would begin to pair.
    init(plan: SessionPlan, remembered: GattDatabase? = nil, bondLevel: Int = 1, isOurBond: Bool = false) {
        self.isOurBond = isOurBond
        self.plan = plan
        self.bondLevel = bondLevel
        database = remembered
    }

    var deadline: Int64? {
        hasEnded ? nil : ([underWay?.until, securing].compactMap { $0 } + rereads.values.map(\.next)).min()
    }

    mutating func handle(_ event: Event, now: Int64) -> [Directive] {
        guard !hasEnded else { return [] }
        var out: [Directive] = []
        switch event {
        case .connected(let level):
            security = level
            steps = [.mtu, .hash]
            if plan.bonded || isOurBond, level < bondLevel {
                raise(bondLevel, now, &out)
            } else if plan.bonded, level < 2 {
                fail(.needsPairing, &out)
            }
        case .received(let bytes): receive(bytes, now, &out)
        case .secured(let level):
            guard securing != nil else { break }
            securing = nil
            security = level
            if level < 2 { fail(.needsPairing, &out) }
        case .timer: timer(now, &out)
        case .ask(let errand): ask(errand, &out)
        }
        next(now, &out)
        return out
    }

    private mutating func fail(_ failure: SessionFailure, _ out: inout [Directive]) {
        hasEnded = true
        out.append(.fail(failure))
    }

    private mutating func timer(_ now: Int64, _ out: inout [Directive]) {
        if let underWay, now >= underWay.until {
            fail(.noAnswer, &out)
            return
        }
        if let securing, now >= securing {
            fail(.needsPairing, &out)
            return
        }
        for (uuid, due) in rereads where now >= due.next {
            rereads[uuid] = Reread(at: now, every: due.every)
            if let item = database?.characteristic(uuid) { steps.append(.read(item.value, uuid, soFar: [])) }
        }
    }

    private mutating func ask(_ errand: Errand, _ out: inout [Directive]) {
        guard let database, steps.count < GattSession.mostErrands else { return }
        switch errand {
        case .write(let write):
            guard let item = database.characteristic(write.characteristic) else { return }
            steps.append(GattSession.step(write, item))
        case .read(let uuid):
            if let item = database.characteristic(uuid) { steps.append(.read(item.value, uuid, soFar: [])) }
        }
    }
}

// MARK: - Asking

extension GattSession {
    private mutating func raise(_ level: Int, _ now: Int64, _ out: inout [Directive]) {
        securing = now + GattSession.securityTime
        out.append(.raiseSecurity(level))
    }

    private static func step(_ write: SessionPlan.Write, _ item: GattDatabase.Characteristic) -> Step {
        write.withoutResponse ? .command(item.value, write.bytes) : .write(item.value, write.bytes)
    }

    private mutating func next(_ now: Int64, _ out: inout [Directive]) {
        guard !hasEnded, underWay == nil, securing == nil else { return }
        while case .command(let handle, let bytes) = steps.first {
            steps.removeFirst()
            out.append(.send(AttPacket.Request.writeCommand(handle, bytes).bytes))
        }
        guard !steps.isEmpty else {
            if !isRunning, database != nil {
                isRunning = true
                out.append(.running)
            }
            return
        }
        let step = steps.removeFirst()
        let request: AttPacket.Request
        switch step {
        case .mtu: request = .exchangeMTU(UInt16(AttPacket.wantedMTU))
        case .hash: request = .readByType(1, 0xFFFF, 0x2B2A)
        case .discovery:
            guard let question = discovery.question else {
                discovered(now, &out)
                return
            }
            request = question
        case .subscribe(let handle, _, let indicate): request = .write(handle, [indicate ? 2 : 1, 0])
        case .write(let handle, let bytes), .command(let handle, let bytes): request = .write(handle, bytes)
        case .read(let handle, _, let soFar):
            request = soFar.isEmpty ? .read(handle) : .readBlob(handle, offset: UInt16(soFar.count))
        }
        underWay = (step, now + GattSession.answerTime)
        out.append(.send(request.bytes))
    }

    private mutating func receive(_ bytes: UnsafeRawBufferPointer, _ now: Int64, _ out: inout [Directive]) {
        let incoming: AttPacket.Incoming
        do throws(AttPacket.Malformed) { incoming = try AttPacket.read(bytes) } catch {
            fail(.malformed(error.description), &out)
            return
        }
        switch incoming {
        case .notification(let handle, let value): deliver(handle, value, &out)
        case .indication(let handle, let value):
            out.append(.send(AttPacket.confirmation))
            deliver(handle, value, &out)
        case .request(0x02, let size):
            mtu = max(AttPacket.smallestMTU, min(Int(size), AttPacket.wantedMTU))
            out.append(.send(AttPacket.answerMTU(UInt16(AttPacket.wantedMTU))))
        case .request(let opcode, let handle): out.append(.send(AttPacket.refuse(opcode, handle: handle)))
        case .ignored: break
        default: answered(incoming, now, &out)
        }
    }

    private func deliver(_ handle: UInt16, _ value: [UInt8], _ out: inout [Directive]) {
        guard let item = database?.characteristic(value: handle) else { return }
        out.append(.value(item.uuid, value))
    }
}

// MARK: - Answers

extension GattSession {
    private mutating func answered(_ incoming: AttPacket.Incoming, _ now: Int64, _ out: inout [Directive]) {
        guard let (step, _) = underWay else { return }
        underWay = nil
        if case .error(_, _, let error) = incoming, error.asksForSecurity, security < bondLevel {
            // Once more, on an encrypted link.
            steps.insert(step, at: 0)
            raise(bondLevel, now, &out)
            return
        }
        switch (step, incoming) {
        case (.mtu, .mtu(let size)): mtu = max(AttPacket.smallestMTU, min(Int(size), AttPacket.wantedMTU))
        case (.mtu, .error): break
        case (.hash, .byType(let list)):
            let hash = list.first?.1 ?? []
            if let database, !hash.isEmpty, database.hash == hash {
                begin(now, &out)
            } else {
                discover(hash)
            }
        case (.hash, .error): discover([])
        case (.discovery, _):
            guard discovery.take(incoming) else {
                fail(.discoveryStuck, &out)
                return
            }
            steps.insert(.discovery, at: 0)
        case (.subscribe, .written), (.write, .written): break
        case (.read(let handle, let uuid, let soFar), .value(let part)),
            (.read(let handle, let uuid, let soFar), .blob(let part)):
            let whole = soFar + part
            if part.count >= mtu - 1, whole.count < AttPacket.longestValue {
                steps.insert(.read(handle, uuid, soFar: whole), at: 0)
            } else {
                out.append(.value(uuid, whole))
            }
        case (.read(_, let uuid, let soFar), .error) where !soFar.isEmpty: out.append(.value(uuid, soFar))
        case (_, .error(_, _, let error)):
            refusals += 1
            if error.asksForSecurity { fail(.needsPairing, &out) } else { out.append(.log("\(step): \(error)")) }
        default: fail(.malformed("an answer that was not asked for"), &out)
        }
    }

    private mutating func discover(_ hash: [UInt8]) {
        database = nil
        discovery = GattDiscovery()
        steps = [.discovery]
        newHash = hash
    }

    private mutating func discovered(_ now: Int64, _ out: inout [Directive]) {
        var found = discovery.database
        found.hash = newHash
        database = found
        if !newHash.isEmpty { out.append(.remember(found)) }
        begin(now, &out)
        next(now, &out)
    }

    /// What the plan says, once it is known what the device has.
    private mutating func begin(_ now: Int64, _ out: inout [Directive]) {
        guard let database else { return }
        let parts = plan.parts(for: database)
        var subscribed: Set<AttUUID> = []
        for uuid in parts.flatMap(\.subscribe) where subscribed.insert(uuid).inserted {
            for item in database.characteristics where item.uuid == uuid && item.configuration != 0 {
                steps.append(.subscribe(item.configuration, uuid, indicate: !item.canNotify))
            }
        }
        for write in parts.flatMap(\.write) {
            if let item = database.characteristic(write.characteristic) { steps.append(GattSession.step(write, item)) }
        }
        for read in parts.flatMap(\.read) {
            guard let item = database.characteristic(read.characteristic) else { continue }
            steps.append(.read(item.value, read.characteristic, soFar: []))
            if read.everySeconds > 0 { rereads[read.characteristic] = Reread(at: now, every: read.everySeconds) }
        }
        if steps.isEmpty { fail(.nothingToDo, &out) }
    }
}
