/// Who is in the air, adopted or not: bounded, the least recently heard makes room. Adopted sensors are not evicted.
///
/// Everything is preallocated; hearing a device allocates nothing, however many there are.
struct DeviceTable {
    static let most = 2048
    /// As much of an advertisement as is kept for showing it.
    static let room = 96
    static let longestName = 32

    struct Entry {
        var address: BluetoothAddress
        var firstHeard: Int64
        var lastHeard: Int64
        var reports: UInt64 = 0
        var signal: Int8
        var length: UInt8 = 0
        var nameLength: UInt8 = 0
        /// The adapter that heard it last.
        var adapter: UInt16
        /// Of the newest data.
        var fingerprint: UInt64 = 0
        /// Index of the adopted sensor it is, -1 for none.
        var adopted: Int32 = -1
        fileprivate var older: Int32 = -1
        fileprivate var newer: Int32 = -1
    }

    let capacity: Int
    private var entries: [Entry] = []
    private var data: [UInt8]
    private var names: [UInt8]
    private var places: [UInt64: Int32] = [:]
    private var oldest: Int32 = -1
    private var newest: Int32 = -1
    private(set) var evicted: UInt64 = 0

    init(capacity: Int = DeviceTable.most) {
        self.capacity = capacity
        entries.reserveCapacity(capacity)
        data = [UInt8](repeating: 0, count: capacity * DeviceTable.room)
        names = [UInt8](repeating: 0, count: capacity * DeviceTable.longestName)
        places.reserveCapacity(capacity)
    }

    var count: Int { entries.count }

    func place(of address: BluetoothAddress) -> Int? { places[address.packed].map { Int($0) } }

    subscript(place: Int) -> Entry {
        get { entries[place] }
        _modify { yield &entries[place] }
    }

    /// Notes a report; true in `isNew` where the address was not in the table.
    mutating func heard(_ report: MgmtReport, adapter: UInt16, now: Int64) -> (place: Int, isNew: Bool, changed: Bool) {
        let advertisement = Advertisement(data: report.data)
        let fingerprint = advertisement.fingerprint
        if let known = places[report.address.packed] {
            let place = Int(known)
            touch(known)
            entries[place].lastHeard = now
            entries[place].signal = report.signal
            entries[place].adapter = adapter
            entries[place].reports += 1
            let changed = entries[place].fingerprint != fingerprint
            if changed { store(advertisement, fingerprint, at: place) }
            return (place, false, changed)
        }
        var entry = Entry(
            address: report.address, firstHeard: now, lastHeard: now, signal: report.signal, adapter: adapter)
        entry.reports = 1
        let place = makePlace(for: entry)
        places[report.address.packed] = place
        append(place)
        store(advertisement, fingerprint, at: Int(place))
        return (Int(place), true, true)
    }

    /// What it said last, as far as kept.
    func withData<Result>(at place: Int, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try data.withUnsafeBytes { bytes in
            let start = place * DeviceTable.room
            return try body(UnsafeRawBufferPointer(rebasing: bytes[start..<start + Int(entries[place].length)]))
        }
    }

    /// The newest name it gave, also where the newest advertisement carries none.
    func name(at place: Int) -> String? {
        let start = place * DeviceTable.longestName
        let length = Int(entries[place].nameLength)
        return length == 0 ? nil : String(decoding: names[start..<start + length], as: UTF8.self)
    }

    /// From the most recently heard on.
    func forEachNewestFirst(_ body: (Int) -> Bool) {
        var at = newest
        while at >= 0, body(Int(at)) { at = entries[Int(at)].older }
    }

    private mutating func store(_ advertisement: Advertisement, _ fingerprint: UInt64, at place: Int) {
        entries[place].fingerprint = fingerprint
        let length = min(advertisement.data.count, DeviceTable.room)
        entries[place].length = UInt8(length)
        let start = place * DeviceTable.room
        data.withUnsafeMutableBytes { bytes in
            UnsafeMutableRawBufferPointer(rebasing: bytes[start..<start + length])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: advertisement.data[0..<length]))
        }
        guard let name = advertisement.name else { return }
        let nameLength = min(name.count, DeviceTable.longestName)
        entries[place].nameLength = UInt8(nameLength)
        let nameStart = place * DeviceTable.longestName
        for offset in 0..<nameLength { names[nameStart + offset] = name[offset] }
    }

    private mutating func makePlace(for entry: Entry) -> Int32 {
        if entries.count < capacity {
            entries.append(entry)
            return Int32(entries.count - 1)
        }
        var victim = oldest
        // There are at most as many adopted sensors as `Adoption.most`, far fewer than places.
        while entries[Int(victim)].adopted >= 0 { victim = entries[Int(victim)].newer }
        evicted += 1
        places[entries[Int(victim)].address.packed] = nil
        unlink(victim)
        entries[Int(victim)] = entry
        return victim
    }

    private mutating func touch(_ place: Int32) {
        guard place != newest else { return }
        unlink(place)
        append(place)
    }

    private mutating func append(_ place: Int32) {
        entries[Int(place)].older = newest
        entries[Int(place)].newer = -1
        if newest >= 0 { entries[Int(newest)].newer = place } else { oldest = place }
        newest = place
    }

    private mutating func unlink(_ place: Int32) {
        let (older, newer) = (entries[Int(place)].older, entries[Int(place)].newer)
        if older >= 0 { entries[Int(older)].newer = newer } else { oldest = newer }
        if newer >= 0 { entries[Int(newer)].older = older } else { newest = older }
    }
}
