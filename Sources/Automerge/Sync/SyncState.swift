import Hashing

/// What one side knows of one other side. Keep one for each peer; what is worth keeping between connections is in
/// `encoded`. Start a new connection with the state made from that, because what was on the way may be lost.
public struct SyncState: Sendable {
    /// What both have.
    public internal(set) var sharedHeads: [ChangeHash] = []
    /// What the other side said it has, once it said so.
    public internal(set) var theirHeads: [ChangeHash]?

    var theirNeed: [ChangeHash]?
    var theirHave: [SyncMessage.Have]?
    var abilities = SyncMessage.Abilities()
    var lastSentHeads: [ChangeHash] = []
    var sent: Set<ChangeHash> = []
    /// Whether an answer is awaited.
    var inFlight = false
    var haveResponded = false
    /// How many messages in a row brought nothing, and how far the other side's known heads had got.
    var idleMessages = 0
    var greatestKnown = -1

    /// After so many messages without any progress the other side is not honest.
    public static let idleLimit = 64
    private static let type: UInt8 = 0x43

    public init() {}

    /// What to keep: which changes both sides have.
    public var encoded: [UInt8] {
        var writer = ByteWriter(capacity: 64)
        writer.byte(SyncState.type)
        writer.hashes(sharedHeads)
        return writer.array
    }

    public init(decoding bytes: [UInt8], limits: Limits = Limits()) throws(AutomergeError) {
        sharedHeads = try bytes.read { bytes throws(AutomergeError) in
            var reader = ByteReader(bytes)
            guard try reader.byte() == SyncState.type else {
                throw AutomergeError(.malformed, "this is not a sync state", at: 0)
            }
            let heads = try reader.hashes(limit: limits.heads)
            guard reader.isAtEnd else { throw reader.failure(.malformed, "bytes follow the sync state") }
            return heads
        }
    }
}
