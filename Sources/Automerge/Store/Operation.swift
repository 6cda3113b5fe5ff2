/// One operation as it is kept: 40 bytes, in the order of the changes, so that an operation's row follows from its
/// change's first row and its counter. Deletes stay as rows, so a change can be written again from a slice.
struct Operation {
    /// The counter above, the actor's index below.
    var id: UInt64
    /// Index of the object it works on.
    var object: UInt32
    /// In a map the entry; in a sequence the row of the element, or of the one to insert after (`Operation.head`).
    var key: UInt32
    /// As in the format: length and type.
    var valueMeta: UInt32
    /// Up to four bytes of value themselves, else where they lie; for what makes an object, the object's index.
    var valueBits: UInt32
    /// What it replaces; see `Links`.
    var predecessors: UInt32
    /// What replaces it.
    var successors: UInt32
    /// For an element of a sequence: the leaf that holds it.
    var leaf: UInt32
    var action: UInt8
    var flags: UInt8

    static let head = UInt32.max
    static let insertFlag: UInt8 = 1
    static let expandFlag: UInt8 = 2

    @inline(__always) var isInsert: Bool { flags & Operation.insertFlag != 0 }
    @inline(__always) var expands: Bool { flags & Operation.expandFlag != 0 }
    @inline(__always) var counter: UInt32 { UInt32(truncatingIfNeeded: id >> 32) }
    @inline(__always) var actor: Int { Int(UInt32(truncatingIfNeeded: id)) }
    @inline(__always) var valueType: UInt32 { valueMeta & 15 }
    @inline(__always) var valueLength: Int { Int(valueMeta >> 4) }
    @inline(__always) var isCounter: Bool { action == Action.set && valueType == ValueType.counter }
    @inline(__always) var makesObject: Bool {
        action == Action.makeMap || action == Action.makeList || action == Action.makeText || action == Action.makeTable
    }
    /// Whether it can stand at a key: what deletes, increments or marks cannot.
    @inline(__always) var isValue: Bool { action == Action.set || makesObject }

    @inline(__always)
    static func pack(_ counter: UInt32, _ actor: Int) -> UInt64 {
        UInt64(counter) << 32 | UInt64(UInt32(truncatingIfNeeded: actor))
    }

    /// What is wrong with the shape of an operation from outside, if anything is.
    func fault(inSequence: Bool, isNamed: Bool) -> String? {
        if !inSequence, isInsert { return "it inserts into a map" }
        if !isValue, isInsert != (action == Action.mark) { return "deletes and increments cannot insert, marks must" }
        return isNamed && action != Action.mark ? "it has the name of a mark" : nil
    }

    var valueFault: String? {
        if makesObject, valueMeta != 0 { return "an object has a value" }
        if action == Action.increment, valueType != ValueType.int, valueType != ValueType.uint {
            return "it increments by what is not a whole number"
        }
        return nil
    }
}
