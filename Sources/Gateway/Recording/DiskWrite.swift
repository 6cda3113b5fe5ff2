import Measurements

/// What goes to the ring in one transaction.
struct DiskWrite: Sendable {
    var commit: Commit?
    var blocks: [Block] = []
    var seal: Signed<Seal>?

    var isEmpty: Bool { commit == nil && blocks.isEmpty && seal == nil }
}
