import Hashing

/// What there is of one run in one copy, and what is wrong with it.
public struct RunReport: Hashable, Sendable {
    /// Something that must not be. Each names where.
    public enum Problem: Hashable, Sendable, CustomStringConvertible {
        case unsignedRun
        case unsignedSeal(UInt64)
        case foreignSeal(UInt64)
        /// A seal between others is not there.
        case missingSeal(UInt64)
        /// It does not name the seal before it, or the run's beginning.
        case brokenChain(UInt64)
        /// Two seals of one number.
        case twoSeals(UInt64)
        /// The blocks that are there are not those that were sealed.
        case otherBlocks(seal: UInt64)
        /// A number that goes back.
        case backwards(seal: UInt64, stream: StreamNumber)
        /// The content is not what its address says, or not readable.
        case brokenBlock(stream: StreamNumber, first: SampleNumber)
        case foreignBlock(stream: StreamNumber, first: SampleNumber)
        /// Two different blocks for one number.
        case fork(stream: StreamNumber, first: SampleNumber)

        public var description: String {
            switch self {
            case .unsignedRun: "the run's beginning is not signed by its gateway"
            case .unsignedSeal(let number): "seal \(number) is not signed by its gateway"
            case .foreignSeal(let number): "seal \(number) belongs to another run"
            case .missingSeal(let number): "seal \(number) is left out"
            case .brokenChain(let number): "seal \(number) does not follow the one before it"
            case .twoSeals(let number): "there are two different seals \(number)"
            case .otherBlocks(let seal): "the blocks under seal \(seal) are not those that were sealed"
            case .backwards(let seal, let stream): "seal \(seal) takes back numbers of stream \(stream)"
            case .brokenBlock(let stream, let first): "block \(first) of stream \(stream) is not what it was"
            case .foreignBlock(let stream, let first): "block \(first) of stream \(stream) belongs to another run"
            case .fork(let stream, let first): "there are two different blocks \(first) of stream \(stream)"
            }
        }
    }

    public var run: RunKey
    public var seals: UInt64 = 0
    /// Samples in blocks that are proved to be under a seal.
    public var sealed: UInt64 = 0
    /// Samples in blocks under a seal that cannot be recomputed, because others of its blocks were given up knowingly.
    public var unproved: UInt64 = 0
    /// Samples after the last seal.
    public var tail: UInt64 = 0
    /// Of these only minimum, mean and maximum are left; their hashes prove them.
    public var thinned: UInt64 = 0
    /// Blocks that are there more than once.
    public var duplicates: UInt64 = 0
    /// Lost, and the origin says why.
    public var knownLost: [GapRecord.Kind: UInt64] = [:]
    /// Neither there nor accounted for.
    public var missing: [StreamNumber: Ranges] = [:]
    public var problems: [Problem] = []

    public init(run: RunKey) { self.run = run }

    public var missingCount: UInt64 { missing.values.reduce(0) { $0.clampedSum($1.count) } }
    public var isSound: Bool { problems.isEmpty && missing.isEmpty }
}

extension RunReport: CustomStringConvertible {
    public var description: String {
        var parts = ["sealed \(sealed)", "tail \(tail)", "\(missingCount) missing", "\(duplicates) duplicate"]
        if unproved > 0 { parts.append("\(unproved) unproved") }
        let lost = knownLost.sorted { $0.key.rawValue < $1.key.rawValue }
        parts.append("\(lost.reduce(UInt64(0)) { $0.clampedSum($1.value) }) known lost")
        if !lost.isEmpty {
            parts[parts.count - 1] += " (" + lost.map { "\($0.key) \($0.value)" }.joined(separator: ", ") + ")"
        }
        parts.append("\(thinned) thinned")
        return (parts + problems.map(\.description)).joined(separator: ", ")
    }
}
