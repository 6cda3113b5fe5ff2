import Measurements

/// Turns NMEA 0183 sentences of a receiver or compass into readings, and its time into a clock anchor.
public struct NMEADecoder {
    public enum Outcome: Hashable, Sendable {
        case decoded
        /// Well-formed, but nothing in it is used here.
        case unknown
        case malformed
    }

    /// What the receiver said of the time: Unix nanoseconds at the sentence's end, within an error.
    public struct Anchor: Hashable, Sendable {
        public var unixTime: Int64
        public var errorNs: Int64
    }

    /// A field of any sentence, for what is not built in: `MWV`, field 1.
    public struct Extra: Sendable {
        public var sentence: String
        public var field: Int
        public var attribute: AttributeDeclaration

        public init(sentence: String, field: Int, attribute: AttributeDeclaration) {
            self.sentence = sentence
            self.field = field
            self.attribute = attribute
        }
    }

    enum Place: Int, CaseIterable {
        case position, altitude, speed, course, heading, satellites, satellitesInView, fixQuality, fixMode
        case pdop, hdop, vdop, geoidSeparation
    }

    /// A sentence follows the instant it is about by up to a second, at low speeds of the line.
    static let delayNs: Int64 = 500_000_000
    static let delayErrorNs: Int64 = 600_000_000
    /// Fixes in a row before a receiver's time is believed: until it has the almanac, its UTC may be seconds off.
    static let fixesBeforeTime = 10
    /// A receiver whose week counter has rolled over says a date 19.6 years ago.
    static let believableYears: ClosedRange<Int64> = 2025...2099
    /// Metres of a position per unit of dilution, for a receiver without corrections.
    static let metresPerDilution = 5.0
    /// How long the better sentence for an attribute keeps the lesser ones quiet.
    static let preferredForNs: Int64 = 5_000_000_000

    public let attributes: [AttributeDeclaration]
    private let extras: [Extra]
    private var sentence = NMEASentence()
    /// Who spoke last for each attribute: its rank (0 is best) and when.
    private var speakers: [(rank: UInt8, time: BootTime)]
    private var dilution: Double?
    /// One-sigma error in metres that the receiver itself states (GST).
    private var stated: Double?
    private var fixesInARow = 0
    private var inView: [(talker: UInt16, count: Int64)] = []
    public private(set) var anchor: Anchor?

    public init(extras: [Extra] = []) {
        self.extras = extras
        attributes = NMEADecoder.standard + extras.map(\.attribute)
        speakers = Array(repeating: (UInt8.max, BootTime.min / 2), count: Place.allCases.count)
    }

    /// Decodes a sentence as the framer gives it. A malformed one gives nothing at all.
    public mutating func decode(_ text: UnsafeRawBufferPointer, at time: BootTime, into readings: inout Readings)
        -> Outcome
    {
        anchor = nil
        let before = readings.entries.count
        guard sentence.split(text) else { return .malformed }
        do throws(NMEASentence.Missing) {
            let known = try standard(time, &readings)
            let extra = try extraFields(time, &readings)
            return known || extra ? .decoded : .unknown
        } catch {
            readings.entries.removeLast(readings.entries.count - before)
            anchor = nil
            return .malformed
        }
    }

    private mutating func standard(_ time: BootTime, _ readings: inout Readings) throws(NMEASentence.Missing) -> Bool {
        switch sentence.kind {
        case NMEASentence.kind("GGA"), NMEASentence.kind("GNS"): try fix(time, &readings)
        case NMEASentence.kind("RMC"): try recommended(time, &readings)
        case NMEASentence.kind("GLL"): try geographic(time, &readings)
        case NMEASentence.kind("GSA"): try dilutions(time, &readings)
        case NMEASentence.kind("GSV"): try satellites(time, &readings)
        case NMEASentence.kind("GST"): try statedErrors()
        case NMEASentence.kind("VTG"): try track(time, &readings)
        case NMEASentence.kind("ZDA"): try date()
        case NMEASentence.kind("HDT"), NMEASentence.kind("THS"): try heading(time, &readings)
        default: return false
        }
        return true
    }

    // MARK: Sentences

    private mutating func fix(_ time: BootTime, _ readings: inout Readings) throws(NMEASentence.Missing) {
        let isGGA = sentence.kind == NMEASentence.kind("GGA")
        _ = try sentence.timeOfDay(1)
        let place = try self.place(2)
        var hasFix = place != nil
        if isGGA {
            guard let quality = try sentence.integer(6, in: 0...9) else { throw .malformed }
            hasFix = quality != 0
            put(.fixQuality, .integer(quality), time, 0, &readings)
        }
        if let used = try sentence.integer(7, in: 0...200) { put(.satellites, .integer(used), time, 0, &readings) }
        try scaled(.hdop, 8, time, isGGA ? 0 : 1, &readings)
        if let value = try sentence.decimal(8) { dilution = value.double }
        fixesInARow = hasFix ? fixesInARow + 1 : 0
        guard hasFix, let place else { return }
        // GNS has its altitude in the same field, without the letter.
        if isGGA, sentence.letter(10) != UInt8(ascii: "M"), !sentence[9].isEmpty { throw .malformed }
        try scaled(.altitude, 9, time, isGGA ? 0 : 1, &readings)
        try scaled(.geoidSeparation, isGGA ? 11 : 10, time, isGGA ? 0 : 1, &readings)
        position(place, time, isGGA ? 0 : 1, &readings)
    }

    private mutating func recommended(_ time: BootTime, _ readings: inout Readings) throws(NMEASentence.Missing) {
        let timeOfDay = try sentence.timeOfDay(1)
        let place = try self.place(3)
        let isValid = try validity(2)
        let knots = try sentence.decimal(7)
        if let knots, knots.mantissa < 0 || knots.double > 2_000 { throw .malformed }
        try scaled(.course, 8, time, 0, &readings, if: isValid)
        let days = try day(sentence[9])
        guard isValid else { return }
        if let place { position(place, time, 2, &readings) }
        if let knots { put(.speed, .double(knots.double * 1852 / 3600), time, 0, &readings) }
        if let timeOfDay, let days { believe(days, timeOfDay) }
    }

    private mutating func geographic(_ time: BootTime, _ readings: inout Readings) throws(NMEASentence.Missing) {
        let place = try self.place(1)
        let isValid = try validity(6)
        if isValid, let place { position(place, time, 3, &readings) }
    }

    private mutating func dilutions(_ time: BootTime, _ readings: inout Readings) throws(NMEASentence.Missing) {
        guard let mode = try sentence.integer(2, in: 1...3) else { throw .malformed }
        put(.fixMode, .integer(mode), time, 0, &readings)
        guard mode > 1 else { return }
        try scaled(.pdop, 15, time, 0, &readings)
        try scaled(.hdop, 16, time, 2, &readings)
        try scaled(.vdop, 17, time, 0, &readings)
    }

    private mutating func satellites(_ time: BootTime, _ readings: inout Readings) throws(NMEASentence.Missing) {
        guard let number = try sentence.integer(2, in: 1...99), let count = try sentence.integer(3, in: 0...200) else {
            throw .malformed
        }
        guard number == 1 else { return }
        // Each system (GP, GL, GA …) counts its own; a signal's id in the last field would count one twice.
        if let known = inView.firstIndex(where: { $0.talker == sentence.talker }) {
            inView[known].count = count
        } else if inView.count < 16 {
            inView.append((sentence.talker, count))
        }
        put(.satellitesInView, .integer(inView.reduce(0) { $0 + $1.count }), time, 0, &readings)
    }

    private mutating func statedErrors() throws(NMEASentence.Missing) {
        guard let latitude = try sentence.decimal(6), let longitude = try sentence.decimal(7) else {
            stated = nil
            return
        }
        let error = max(latitude.double, longitude.double)
        stated = error > 0 && error < 1e6 ? error : nil
    }

    private mutating func track(_ time: BootTime, _ readings: inout Readings) throws(NMEASentence.Missing) {
        // Mode N: not valid.
        if sentence.letter(9) == UInt8(ascii: "N") { return }
        try scaled(.course, 1, time, 1, &readings)
        if let kilometres = try sentence.decimal(7) {
            guard kilometres.mantissa >= 0, kilometres.double <= 4_000 else { throw .malformed }
            put(.speed, .double(kilometres.double / 3.6), time, 1, &readings)
        }
    }

    private mutating func date() throws(NMEASentence.Missing) {
        guard let timeOfDay = try sentence.timeOfDay(1), let day = try sentence.integer(2, in: 1...31),
            let month = try sentence.integer(3, in: 1...12), let year = try sentence.integer(4, in: 1980...2200)
        else { return }
        guard let days = daysSince1970(year: year, month: month, day: day) else { throw .malformed }
        believe(days, timeOfDay)
    }

    private mutating func heading(_ time: BootTime, _ readings: inout Readings) throws(NMEASentence.Missing) {
        // THS says in its second field whether the heading holds; HDT has `T` there.
        if sentence.letter(2) != UInt8(ascii: "V") { try scaled(.heading, 1, time, 0, &readings) }
    }

    private func extraFields(_ time: BootTime, _ readings: inout Readings) throws(NMEASentence.Missing) -> Bool {
        var found = false
        for (index, extra) in extras.enumerated() where matches(extra.sentence) {
            found = true
            let text = sentence[extra.field]
            if text.isEmpty { continue }
            guard let value = LineValue.parse(text, extra.attribute) else { throw .malformed }
            readings.append(attribute: UInt16(Place.allCases.count + index), time: time, value)
        }
        return found
    }

    private func matches(_ name: String) -> Bool {
        let address = sentence[0]
        return address.count >= name.utf8.count && address.suffix(name.utf8.count).elementsEqual(name.utf8)
    }

    // MARK: Values

    private func place(_ field: Int) throws(NMEASentence.Missing) -> (Double, Double)? {
        let latitude = try sentence.coordinate(field, positive: 78, negative: 83, most: 90)
        let longitude = try sentence.coordinate(field + 2, positive: 69, negative: 87, most: 180)
        guard let latitude, let longitude else { return nil }
        return (latitude, longitude)
    }

    private func validity(_ field: Int) throws(NMEASentence.Missing) -> Bool {
        switch sentence.letter(field) {
        case UInt8(ascii: "A"): return true
        case UInt8(ascii: "V"): return false
        default: throw .malformed
        }
    }

    private func day(_ text: UnsafeRawBufferPointer) throws(NMEASentence.Missing) -> Int64? {
        if text.isEmpty { return nil }
        guard text.count == 6, let value = Decimal(text), value.exponent == 0, value.mantissa >= 0 else {
            throw .malformed
        }
        let (day, month, year) = (value.mantissa / 10_000, value.mantissa / 100 % 100, 2000 + value.mantissa % 100)
        guard let days = daysSince1970(year: year, month: month, day: day) else { throw .malformed }
        return days
    }

    private mutating func believe(_ days: Int64, _ timeOfDay: Int64) {
        let first = daysSince1970(year: Self.believableYears.lowerBound, month: 1, day: 1) ?? 0
        let last = daysSince1970(year: Self.believableYears.upperBound, month: 1, day: 1) ?? 0
        guard fixesInARow >= Self.fixesBeforeTime, days >= first, days < last else { return }
        anchor = Anchor(
            unixTime: days * 86_400_000_000_000 + timeOfDay + Self.delayNs, errorNs: Self.delayErrorNs)
    }

    private mutating func position(
        _ place: (Double, Double), _ time: BootTime, _ rank: UInt8, _ readings: inout Readings
    ) {
        guard speaks(.position, rank, time) else { return }
        // Viewers are never told a position without its accuracy; without any word of it, it is a kilometre.
        let accuracy = stated.map { 2 * $0 } ?? dilution.map { $0 * Self.metresPerDilution } ?? 1_000
        for part in [place.0, place.1, accuracy] {
            readings.append(attribute: UInt16(Place.position.rawValue), time: time, .double(part))
        }
    }

    private mutating func put(
        _ place: Place, _ value: Value, _ time: BootTime, _ rank: UInt8, _ readings: inout Readings
    ) {
        guard speaks(place, rank, time) else { return }
        readings.append(attribute: UInt16(place.rawValue), time: time, value)
    }

    private mutating func scaled(
        _ place: Place, _ field: Int, _ time: BootTime, _ rank: UInt8, _ readings: inout Readings,
        if wanted: Bool = true
    ) throws(NMEASentence.Missing) {
        guard let value = try sentence.decimal(field) else { return }
        let declaration = attributes[place.rawValue]
        guard case .integer(let scale) = declaration.kind, let mantissa = value.rounded(at: Int(scale)),
            declaration.range?.contains(value.double) ?? true
        else { throw .malformed }
        if wanted { put(place, .integer(mantissa), time, rank, &readings) }
    }

    /// Whether this sentence speaks for the attribute, or a better one does.
    private mutating func speaks(_ place: Place, _ rank: UInt8, _ time: BootTime) -> Bool {
        let last = speakers[place.rawValue]
        guard rank <= last.rank || time - last.time > Self.preferredForNs else { return false }
        speakers[place.rawValue] = (rank, time)
        return true
    }
}
