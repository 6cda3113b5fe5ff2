/// The keys of all maps, and what is visible at each.
struct MapEntries {
    struct Entry {
        var object: UInt32
        var name: UInt32
        /// The values that nothing replaces; more than one is a conflict. See `Links`.
        var visible: UInt32
        /// The object's entry that came before this one.
        var next: UInt32
    }

    private(set) var entries: [Entry] = []
    private var table = IndexTable()

    static let none = UInt32.max

    var count: Int { entries.count }
    var byteCount: Int { entries.capacity * MemoryLayout<Entry>.stride + table.byteCount }

    @inline(__always)
    private static func hash(_ object: UInt32, _ name: UInt32) -> Int {
        let mixed = (UInt64(object) << 32 | UInt64(name)) &* 0x9e37_79b9_7f4a_7c15
        return Int(truncatingIfNeeded: mixed >> 20)
    }

    @inline(__always)
    func find(_ object: UInt32, _ name: UInt32) -> UInt32? {
        table.find(MapEntries.hash(object, name)) {
            entries[Int($0)].name == name && entries[Int($0)].object == object
        }
    }

    @inline(__always)
    subscript(index: UInt32) -> Entry {
        get { entries[Int(index)] }
        _modify { yield &entries[Int(index)] }
    }

    /// `first` is where the object's list of entries begins.
    mutating func add(_ object: UInt32, _ name: UInt32, first: inout UInt32) -> UInt32 {
        let index = UInt32(entries.count)
        entries.append(Entry(object: object, name: name, visible: Links.none, next: first))
        first = index
        table.insert(index, hash: MapEntries.hash(object, name)) { [entries] in
            MapEntries.hash(entries[Int($0)].object, entries[Int($0)].name)
        }
        return index
    }

    /// Takes out the entry added last.
    mutating func removeLast(first: (Entry) -> Void) {
        guard let last = entries.popLast() else { return }
        table.removeLast(UInt32(entries.count), hash: MapEntries.hash(last.object, last.name))
        first(last)
    }
}
