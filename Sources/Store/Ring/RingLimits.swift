/// What the ring may take, and what it lets go of when that is not enough.
public struct RingLimits: Hashable, Sendable {
    /// What happens to what was not replicated, once nothing replicated is left to overwrite.
    public enum Policy: String, Hashable, Sendable, CaseIterable {
        /// Minimum, mean and maximum at a tenth of the rate take the place of the oldest; then the oldest of those go.
        case thin
        case dropOldest = "drop-oldest"
        /// Nothing is let go: new samples are refused.
        case refuse
    }

    /// Everything of the ring on disk, its log included.
    public var bytes: Int
    /// Packs written longer ago than this are let go; nil for no limit.
    public var ageSeconds: Int64?
    /// Bytes of the file system that stay free; the ring stops growing before.
    public var floorBytes: Int
    public var policy: Policy
    /// Share of the packs, the newest, that is let go only after all others; in percent.
    public var protectedPercent: Int
    /// Closed blocks wait in memory, their samples safe in the tail, until their pack is full or this old.
    public var packAgeSeconds: Int64

    /// Less does not hold an open pack for each group and a log.
    public static let leastBytes = 8 << 20

    public init(
        bytes: Int = 2 << 30, ageSeconds: Int64? = nil, floorBytes: Int = 256 << 20, policy: Policy = .thin,
        protectedPercent: Int = 20, packAgeSeconds: Int64 = 3_600
    ) {
        self.bytes = max(bytes, RingLimits.leastBytes)
        self.ageSeconds = ageSeconds
        self.floorBytes = floorBytes
        self.policy = policy
        self.protectedPercent = min(max(0, protectedPercent), 90)
        self.packAgeSeconds = packAgeSeconds
    }
}

/// How the bytes of a ring are shared out.
struct RingShares: Hashable, Sendable {
    static let pageBytes = 4096
    /// The log never grows beyond; at this size readers are cancelled.
    var logBytes: Int
    /// The log is written back from this size on.
    var checkpointBytes: Int
    /// This much is made at the beginning: one write more than that.
    var firstLogBytes: Int { checkpointBytes + 256 * 1024 }
    /// Pages of the tail.
    var tailPages: Int
    var packSlots: Int
    /// All pages of the database.
    var databasePages: Int
    /// Bytes for seals, gap records, declarations and anchors.
    var recordBytes: Int

    init(_ limits: RingLimits) {
        logBytes = min(16 << 20, limits.bytes / 4)
        checkpointBytes = min(4 << 20, logBytes / 2)
        let database = limits.bytes - logBytes
        databasePages = database / RingShares.pageBytes
        tailPages = min(64 << 20, database / 6) / RingShares.pageBytes
        recordBytes = min(256 << 20, database / 8)
        let packBytes = database - tailPages * RingShares.pageBytes - recordBytes
        packSlots = packBytes / PackLayout.diskBytes
    }
}
