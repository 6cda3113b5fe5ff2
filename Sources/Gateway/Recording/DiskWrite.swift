import Measurements

/// What goes to the ring in one transaction.
struct DiskWrite: Sendable {
    var commit: Commit?
    var blocks: [Block] = []
    var seal: Signed<Seal>?
    /// What the seal holds, in its order.
    var sealed: [BlockHead] = []

    mutating func take(_ made: (seal: Signed<Seal>, blocks: [BlockHead])?) {
        guard let made else { return }
        seal = made.seal
        sealed = made.blocks
    }

    var isEmpty: Bool { commit == nil && blocks.isEmpty && seal == nil }
}
