import Measurements

/// One run of a program over one frame.
struct Execution<T: Trace> {
    unowned(unsafe) let program: Program
    let steps: UnsafeBufferPointer<Instruction>
    let context: FrameContext
    var trace: T
    let registers: UnsafeMutablePointer<Int64>
    /// How often each attribute has come in this frame.
    let counts: UnsafeMutablePointer<UInt8>
    let plain: UnsafeMutableRawPointer
    /// What is read now: bytes `start..<end`.
    var bytes: UnsafeRawPointer
    var start = 0
    var end: Int
    var cursor = 0

    var integer: Int64 = 0
    var double = 0.0
    /// Where the last load read, for text.
    var place = 0
    var markedAt = 0
    var outcome = FrameOutcome()

    /// Runs to the segment's end; returns why the frame is refused, if it is.
    mutating func run(from first: Int, into readings: inout Readings) -> Refusal? {
        var at = first
        while true {
            let step = steps[at]
            at += 1
            switch step.operation {
            case .end: return nil
            case .load:
                guard let next = load(step, at) else { return .tooShort }
                at = next
            case .emitInteger, .emitDouble, .emitBoolean, .emitLabel, .emitText, .emitHex:
                at = emit(step, at, into: &readings)
            case .mark: markedAt = readings.entries.count
            case .rollBack: readings.entries.removeLast(readings.entries.count - markedAt)
            case .checksum:
                let whole = UnsafeRawBufferPointer(start: bytes + start, count: end - start)
                guard program.checksums[Int(step.a)].holds(whole) else { return .checksum }
            case .decrypt: if let refusal = decrypt(step) { return refusal }
            case .objects: if let refusal = runObjects(step, into: &readings) { return refusal }
            case .region: guard narrow(step) else { return .tooShort }
            case .skip:
                guard cursor + Int(step.a) <= end else { return .tooShort }
                cursor += Int(step.a)
            case .jump: at = Int(step.jump)
            case .unlessMore: if cursor >= end { at = Int(step.jump) }
            case .countDown:
                registers[Int(step.a)] &-= 1
                if registers[Int(step.a)] < 0 { at = Int(step.jump) }
            case .fetch: integer = registers[Int(step.a)]
            case .store: registers[Int(step.a)] = integer
            case .unlessMasked: if integer & step.y != step.x { at = Int(step.jump) }
            case .unlessWithin: if integer < step.x || integer > step.y { at = Int(step.jump) }
            default: at = compute(step, at)
            }
        }
    }

    private mutating func load(_ step: Instruction, _ next: Int) -> Int? {
        let count = step.raw.count
        var offset = cursor
        if step.flag { offset = step.a < 0 ? end + Int(step.a) : start + Int(step.a) }
        guard offset >= start, offset + count <= end else {
            if step.b == 1 { return nil }
            trace.leftOut(step.note, why: "the frame ends before it")
            return Int(step.jump)
        }
        place = offset
        if !step.flag { cursor = offset + count }
        let number = readRaw(step.raw, bytes + offset)
        trace.loaded(step.note, step.raw, at: offset, number)
        switch number {
        case .whole(let value): integer = value
        case .floating(let value): double = value
        case .none: return leaveOut(step, "not a number")
        }
        return next
    }

    /// The steps that only change the accumulator.
    private mutating func compute(_ step: Instruction, _ next: Int) -> Int {
        var overflow = false
        switch step.operation {
        case .constant: integer = step.x
        case .accumulate: (registers[Int(step.a)], overflow) = registers[Int(step.a)].addingReportingOverflow(integer)
        case .bits:
            let high = Int64(64 - step.a - step.b)
            let shifted = integer << high
            integer =
                step.flag
                ? shifted >> Int64(64 - step.b) : Int64(bitPattern: UInt64(bitPattern: shifted) >> UInt64(64 - step.b))
        case .signBit:
            let sign = Int64(1) << Int64(step.a)
            let magnitude = integer & (sign - 1)
            integer = integer & sign != 0 ? -magnitude : magnitude
        case .times: (integer, overflow) = integer.multipliedReportingOverflow(by: step.x)
        case .divide: integer = integer == .min && step.x == -1 ? .max : integer / step.x
        case .modulo: integer = step.x == -1 ? 0 : integer % step.x
        case .plus: (integer, overflow) = integer.addingReportingOverflow(step.x)
        case .negate: (integer, overflow) = Int64(0).subtractingReportingOverflow(integer)
        case .absentIf: if integer == step.x { return leaveOut(step, "the device has no value") }
        case .toDoubleDivided: double = Double(integer) / Double(step.x)
        case .toDoubleTimes: double = Double(integer) * Double(step.x)
        case .factor: double *= Double(bitPattern: UInt64(bitPattern: step.x))
        case .offset: double += Double(bitPattern: UInt64(bitPattern: step.x))
        case .powerOf: double = power(Double(bitPattern: UInt64(bitPattern: step.x)), integer)
        case .lookup:
            let table = program.lookups[Int(step.a)]
            guard integer >= 0, integer < table.count else { return leaveOut(step, "not in the table") }
            double = table[Int(integer)]
        case .withinInteger: if integer < step.x || integer > step.y { return outside(step) }
        case .withinDouble:
            let low = Double(bitPattern: UInt64(bitPattern: step.x))
            // Written so that what is not a number lies outside.
            guard double >= low, double <= Double(bitPattern: UInt64(bitPattern: step.y)) else { return outside(step) }
        default: break
        }
        return overflow ? outside(step) : next
    }

    private func power(_ base: Double, _ exponent: Int64) -> Double {
        var (result, square) = (1.0, base)
        var rest = min(exponent.magnitude, 1 << 20)
        while rest > 0 {
            if rest & 1 == 1 { result *= square }
            square *= square
            rest >>= 1
        }
        return exponent < 0 ? 1 / result : result
    }

    private mutating func leaveOut(_ step: Instruction, _ why: StaticString) -> Int {
        outcome.absent += 1
        trace.leftOut(step.note, why: why)
        return Int(step.jump >= 0 ? step.jump : Int32(steps.count - 1))
    }

    private mutating func outside(_ step: Instruction) -> Int {
        outcome.outOfRange += 1
        trace.leftOut(step.note, why: "outside its range")
        return Int(step.jump >= 0 ? step.jump : Int32(steps.count - 1))
    }

    private mutating func emit(_ step: Instruction, _ next: Int, into readings: inout Readings) -> Int {
        var attribute = Int(step.a)
        if step.y > 0 {
            guard counts[attribute] < UInt8(step.y) else {
                if step.flag { outcome.surplus += 1 }
                return next
            }
            attribute += Int(counts[attribute])
        }
        let value: Value
        switch step.operation {
        case .emitInteger: value = .integer(integer)
        case .emitDouble: value = .double(double)
        case .emitBoolean: value = .boolean(integer != 0)
        case .emitLabel:
            guard let text = program.labels[Int(step.x)].texts[integer] else { return leaveOut(step, "no such label") }
            value = .text(text)
        default:
            guard let text = text(step) else { return leaveOut(step, "not text") }
            value = .text(text)
        }
        readings.append(attribute: UInt16(attribute), time: context.time, value)
        trace.emitted(step.note, attribute: attribute, value)
        if step.flag { counts[Int(step.a)] &+= 1 }
        return next
    }

    /// `b` bytes at the cursor or at `x`; nil where they are not there or not UTF-8.
    private mutating func text(_ step: Instruction) -> String? {
        let first = step.x == .min ? cursor : step.x < 0 ? end + Int(step.x) : start + Int(step.x)
        guard first >= start, first <= end else { return nil }
        var count = Int(step.b)
        if count == -1 { count = end - first }
        if count < -1 { count = Int(clamping: registers[-2 - count]) }
        guard count >= 0, count <= end - first else { return nil }
        if step.x == .min { cursor = first + count }
        let raw = UnsafeRawBufferPointer(start: bytes + first, count: count)
        if step.operation == .emitHex { return hex(raw) }
        // Device text is often padded with zeros.
        return String(validating: raw.prefix { $0 != 0 }, as: UTF8.self)
    }

    private func hex(_ raw: UnsafeRawBufferPointer) -> String {
        String(unsafeUninitializedCapacity: raw.count * 2) { out in
            for (index, byte) in raw.enumerated() {
                out[2 * index] = digit(byte >> 4)
                out[2 * index + 1] = digit(byte & 15)
            }
            return raw.count * 2
        }
    }

    private func digit(_ value: UInt8) -> UInt8 { value < 10 ? 48 + value : 87 + value }

    private mutating func narrow(_ step: Instruction) -> Bool {
        let first = step.a < 0 ? end + Int(step.a) : start + Int(step.a)
        let last = step.b <= 0 ? end + Int(step.b) : start + Int(step.b)
        guard first >= start, first <= last, last <= end else { return false }
        (start, end, cursor) = (first, last, first)
        return true
    }

    private mutating func decrypt(_ step: Instruction) -> Refusal? {
        let sealed = UnsafeRawBufferPointer(start: bytes + start, count: end - start)
        switch program.decryptions[Int(step.a)].open(sealed, cursor: cursor - start, context, into: plain) {
        case .failure(let refusal): return refusal
        case .success(let count):
            bytes = UnsafeRawPointer(plain)
            (start, end, cursor) = (0, count, 0)
            return nil
        }
    }

    private mutating func runObjects(_ step: Instruction, into readings: inout Readings) -> Refusal? {
        let table = program.objects[Int(step.a)]
        let whole = end
        defer { end = whole }
        while cursor < whole {
            guard cursor + table.idType.count <= whole, case .whole(let id) = readRaw(table.idType, bytes + cursor)
            else { return .malformedObjects }
            cursor += table.idType.count
            var said: Int?
            if let type = table.countType {
                guard cursor + type.count <= whole, case .whole(let count) = readRaw(type, bytes + cursor) else {
                    return .malformedObjects
                }
                cursor += type.count
                said = Int(clamping: count) - table.countIncludes
            }
            let entry = table.entry(id)
            trace.object(step.note, id: id, count: said ?? entry?.count ?? -1, known: entry != nil)
            if entry == nil {
                outcome.unknownObjects += 1
                if table.unknown == .refuse { return .malformedObjects }
                if table.unknown == .stop { return nil }
            }
            guard let count = said ?? entry?.count ?? (entry == nil ? nil : whole - cursor), count >= 0,
                cursor + count <= whole, said == nil || entry?.count == nil || said == entry?.count
            else { return .malformedObjects }
            let outer = start
            let after = cursor + count
            if let entry {
                (start, end) = (cursor, after)
                if let refusal = run(from: entry.start, into: &readings) {
                    return refusal == .tooShort ? .malformedObjects : refusal
                }
                // An object whose length only its own bytes tell ends where reading it ended.
                let selfSized = said == nil && entry.count == nil
                (start, end, cursor) = (outer, whole, selfSized ? max(cursor, start) : after)
            } else {
                cursor = after
            }
        }
        return nil
    }
}
