import Notation
import Store
import System

/// How full the ring is, looked up now and then on the disk's thread: a status must not wait for a disk.
extension Gateway {
    static let storageWatchMs: Int64 = 5_000

    func startStorageWatch() {
        lookAtStorage()
        loop.repeating(everyMs: Gateway.storageWatchMs) { [weak self] in self?.lookAtStorage() }
    }

    private func lookAtStorage() {
        let readers = readers
        let told = LoopBound({ [weak self] (usage: RingUsage) in self?.ringUsage = usage }, loop)
        disk.later { _ in
            guard let usage = try? readers.makeReader().usage() else { return }
            told.post { $0(usage) }
        }
    }

    /// What of the ring is taken, may be taken, and is let go last.
    func storageStatus() -> [JSON.Member] {
        guard let ringUsage else { return [] }
        let limits = configuration.ringLimits
        let protected = limits.bytes / 100 * limits.protectedPercent
        return [
            .init("used_bytes", JSON(ringUsage.usedBytes)), .init("cap_bytes", JSON(limits.bytes)),
            .init("protected_bytes", JSON(min(protected, ringUsage.usedBytes))),
        ]
    }
}
