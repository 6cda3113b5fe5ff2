import CLinux
import Glibc

/// Says when a network interface came up, went down or changed an address. Several changes in a row are one.
public final class LinkWatch {
    private static let settleMs: Int64 = 200

    private let loop: Loop
    private let descriptor: Int32
    private let changed: () -> Void
    private var settling: TimerToken?

    public init(_ loop: Loop, _ changed: @escaping () -> Void) throws(SystemFailure) {
        self.loop = loop
        self.changed = changed
        descriptor = bothy_link_watch()
        guard descriptor >= 0 else { throw SystemFailure.last("socket", "netlink") }
        try loop.watch(descriptor, .readable) { [weak self] _ in self?.readable() }
    }

    deinit {
        if let settling { loop.cancel(settling) }
        loop.unwatch(descriptor)
        close(descriptor)
    }

    private func readable() {
        bothy_link_watch_drain(descriptor)
        guard settling == nil else { return }
        settling = loop.schedule(afterMs: LinkWatch.settleMs) { [weak self] in
            self?.settling = nil
            self?.changed()
        }
    }
}
