// rooms: Hashing Automerge
// doors: CSodium=sodium CZlib=z
import Automerge
import Hashing

// The first byte chooses what the others are read as; for chunks the frame with its checksum is put around them here,
// which no mutation would ever get right.

private func limits() -> Limits {
    var limits = Limits()
    limits.operations = 1 << 14
    limits.changes = 1 << 12
    limits.actors = 64
    limits.inflatedBytes = 1 << 20
    limits.queuedChanges = 64
    return limits
}

private func framed(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
    var hashed: [UInt8] = [type]
    var rest = body.count
    while rest >= 0x80 {
        hashed.append(UInt8(rest & 0x7f) | 0x80)
        rest >>= 7
    }
    hashed.append(UInt8(rest))
    hashed += body
    return [0x85, 0x6f, 0x4a, 0x83] + SHA256.hash(hashed).bytes.prefix(4) + hashed
}

/// A small document of one author, so that a change may find something to work on.
private func ground() -> Document {
    var document = Document(actor: ActorID([1]), limits: limits())
    _ = try? document.change { edit throws(AutomergeError) in
        let text = try edit.putObject(.text, in: .root, at: "t")
        try edit.splice(text, at: 0, inserting: "ab")
        try edit.put(.counter(1), in: .root, at: "c")
    }
    return document
}

private func checked(_ document: Document) {
    guard let again = try? Document(loading: document.save(), actor: ActorID([2]), limits: document.limits),
        again.heads == document.heads
    else { preconditionFailure("what was saved is not what is read") }
}

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ size: Int) -> CInt {
    guard size > 1 else { return 0 }
    let bytes = Array(UnsafeBufferPointer(start: data + 1, count: size - 1))
    var document = ground()
    let heads = document.heads
    switch data[0] % 4 {
    case 0:
        guard let change = try? Change(bytes: framed(1, bytes), limits: limits()) else { return 0 }
        if (try? document.apply(change)) == nil, document.heads != heads {
            preconditionFailure("a refused change left a trace")
        }
        checked(document)
    case 1:
        if let read = try? Document(loading: framed(0, bytes), actor: ActorID([2]), limits: limits()) { checked(read) }
    case 2:
        var state = SyncState()
        if (try? document.receiveSyncMessage(bytes, from: &state)) == nil, document.heads != heads {
            preconditionFailure("a refused message left a trace")
        }
        _ = document.generateSyncMessage(for: &state)
    default:
        _ = try? document.load(bytes)
        checked(document)
    }
    return 0
}
