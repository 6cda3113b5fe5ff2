import Store
import System

/// How full the ring is, asked of the disk's thread now and then, so that a status never waits for the disk.
final class RingGauge: Component {
    let name = "gauge"
    static let everyMs: Int64 = 5_000

    private(set) var newest: RingStats?
    private let disk: Disk
    private let loop: Loop
    private var timer: TimerToken?

    init(disk: Disk, loop: Loop) {
        self.disk = disk
        self.loop = loop
    }

    func start(failed: @escaping (Failure) -> Void) throws {
        look()
        timer = loop.repeating(everyMs: RingGauge.everyMs) { [weak self] in self?.look() }
    }

    func stop(done: @escaping () -> Void) {
        if let timer { loop.cancel(timer) }
        timer = nil
        done()
    }

    private func look() {
        let box = LoopBound(self, loop)
        disk.later { ring in
            guard let stats = try? ring.stats() else { return }
            box.post { $0.newest = stats }
        }
    }
}
