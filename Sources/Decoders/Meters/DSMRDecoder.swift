import Measurements

/// Reads DSMR P1 telegrams (and the Belgian and Luxembourg ones of the same form).
public struct DSMRDecoder: Sendable {
    public static var attributes: [AttributeDeclaration] { MeterTable.dsmr.attributes }
    static let mostLines = 256

    public init() {}

    private struct Line {
        /// The meter's channel, C, D and E.
        var channel: UInt8
        var code: (UInt8, UInt8, UInt8)
        /// The last value in brackets.
        var value: UnsafeRawBufferPointer
    }

    /// Decodes a telegram as the framer gives it. One line that is not of the form refuses all of it.
    public func decode(_ telegram: UnsafeRawBufferPointer, at time: BootTime, into readings: inout Readings) -> Bool {
        let before = readings.entries.count
        // What hangs on each channel: 3 gas, 7 water, 4 heat.
        var kinds: (UInt8, UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0, 0)
        var start = 0
        var lines = 0
        for at in 0..<telegram.count where telegram[at] == 10 || telegram[at] == 13 {
            let text = UnsafeRawBufferPointer(rebasing: telegram[start..<at])
            start = at + 1
            // The first line names the meter; empty ones part it from the rest.
            if text.isEmpty || text[0] == UInt8(ascii: "/") { continue }
            lines += 1
            guard lines <= Self.mostLines, text.allSatisfy({ $0 >= 32 && $0 < 127 }) else {
                readings.entries.removeLast(readings.entries.count - before)
                return false
            }
            guard let line = parse(text) else { continue }
            if line.code == (24, 1, 0) { note(line, &kinds) }
            guard emit(line, kinds, time, &readings) else {
                readings.entries.removeLast(readings.entries.count - before)
                return false
            }
        }
        return true
    }

    /// `1-0:1.8.1(000123.456*kWh)`; nil for what has another form, as texts and events do.
    private func parse(_ text: UnsafeRawBufferPointer) -> Line? {
        var at = 0
        guard number(text, &at) != nil, skip(text, &at, "-"), let channel = number(text, &at), skip(text, &at, ":"),
            let c = number(text, &at), skip(text, &at, "."), let d = number(text, &at), skip(text, &at, "."),
            let e = number(text, &at), at < text.count, text[at] == UInt8(ascii: "("),
            text[text.count - 1] == UInt8(ascii: ")"), let open = text.lastIndex(of: UInt8(ascii: "("))
        else { return nil }
        return Line(
            channel: channel, code: (c, d, e), value: UnsafeRawBufferPointer(rebasing: text[open + 1..<text.count - 1]))
    }

    private func number(_ text: UnsafeRawBufferPointer, _ at: inout Int) -> UInt8? {
        var value = 0
        let start = at
        while at < text.count, text[at] >= 48, text[at] <= 57, at - start < 3 {
            value = value * 10 + Int(text[at] - 48)
            at += 1
        }
        return at > start ? UInt8(exactly: value) : nil
    }

    private func skip(_ text: UnsafeRawBufferPointer, _ at: inout Int, _ character: StaticString) -> Bool {
        guard at < text.count, text[at] == character.utf8Start[0] else { return false }
        at += 1
        return true
    }

    private func note(_ line: Line, _ kinds: inout (UInt8, UInt8, UInt8, UInt8, UInt8)) {
        let kind = UInt8(clamping: Decimal(line.value)?.mantissa ?? 0)
        switch line.channel {
        case 1: kinds.1 = kind
        case 2: kinds.2 = kind
        case 3: kinds.3 = kind
        case 4: kinds.4 = kind
        default: break
        }
    }

    private func emit(
        _ line: Line, _ kinds: (UInt8, UInt8, UInt8, UInt8, UInt8), _ time: BootTime, _ readings: inout Readings
    ) -> Bool {
        var place: Int?
        if line.code == (24, 2, 1) || line.code == (24, 2, 3) {
            let kind =
                switch line.channel {
                case 1: kinds.1
                case 2: kinds.2
                case 3: kinds.3
                case 4: kinds.4
                default: UInt8(0)
                }
            place = MeterTable.dsmr.attribute(0, 0, kind)
        } else {
            place = MeterTable.dsmr.attribute(line.code.0, line.code.1, line.code.2)
        }
        guard let place else { return true }
        let star = line.value.firstIndex(of: UInt8(ascii: "*")) ?? line.value.count
        let unit = UnsafeRawBufferPointer(rebasing: line.value[min(star + 1, line.value.count)...])
        // A meter behind this one that has not yet reported has no value.
        if star == 0 { return true }
        guard var value = Decimal(UnsafeRawBufferPointer(rebasing: line.value[..<star])) else { return false }
        let declaration = MeterTable.dsmr.attributes[place]
        guard let shift = Self.shift(unit, to: declaration.unit) else { return false }
        value.exponent += shift
        guard case .integer(let scale) = declaration.kind, let mantissa = value.rounded(at: Int(scale)),
            declaration.range?.contains(value.double) ?? true
        else { return false }
        readings.append(attribute: UInt16(place), time: time, .integer(mantissa))
        return true
    }

    /// The power of ten between the unit in the telegram and ours; nil for another kind of unit.
    private static func shift(_ unit: UnsafeRawBufferPointer, to ours: String) -> Int? {
        func says(_ text: String) -> Bool { unit.elementsEqual(text.utf8) }
        switch ours {
        case "kWh": return says("kWh") ? 0 : says("Wh") ? -3 : nil
        case "W": return says("W") ? 0 : says("kW") ? 3 : nil
        case "m³": return says("m3") ? 0 : nil
        default: return says(ours) ? 0 : nil
        }
    }
}
