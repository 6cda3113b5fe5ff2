import Measurements

/// What a restored ring ends with.
public struct RestoredRing: Hashable, Sendable, CustomStringConvertible {
    public var lastRun: RunKey?
    /// Seals of that run that are in it.
    public var seals: UInt64

    public var description: String {
        guard let lastRun else { return "restored; nothing was ever recorded in it" }
        let run = lastRun.run.bytes.prefix(4).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        return "restored up to seal \(seals) of run \(run)…; the next start opens a new run"
    }
}
