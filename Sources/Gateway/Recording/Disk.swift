import Measurements
import Store
import System

/// The ring on a thread of its own: whatever the disk takes its time for, nothing else waits.
final class Disk: @unchecked Sendable {  // because `ring` is touched on `loop` only
    let loop: Loop
    let path: String
    private let gateway: GatewayID
    private var ring: Ring?

    init(path: String, gateway: GatewayID, loop: Loop) {
        self.path = path
        self.gateway = gateway
        self.loop = loop
    }

    /// Opens the ring or makes it, and waits for that.
    func open(_ limits: RingLimits) throws -> (opened: RingOpened, readers: RingReaders) {
        try wait {
            let ring = try Ring.open(at: self.path, limits: limits)
            self.ring = ring
            return (ring.opened, ring.readers)
        }
    }

    /// Writes all of it durably or nothing; `done` is called on the disk's thread.
    func write(_ write: DiskWrite, done: @escaping @Sendable (Result<RingWritten, StoreError>) -> Void) {
        loop.post { [self] in
            guard let ring else {
                return done(
                    .failure(
                        StoreError(cause: .refused, statement: "write", path: path, message: "the ring is not open")))
            }
            var ringWrite = RingWrite(gateway: gateway, commit: write.commit, blocks: write.blocks)
            if let seal = write.seal { ringWrite.seals = [seal] }
            do throws(StoreError) {
                done(.success(try ring.write(ringWrite, now: SystemClock.unixTime / 1_000_000_000)))
            } catch {
                done(.failure(error))
            }
        }
    }

    /// Does something with the ring and waits for it.
    func now<Result: Sendable>(_ body: @escaping @Sendable (Ring) throws -> Result) throws -> Result {
        try wait {
            guard let ring = self.ring else { throw Failure(.restart, "the ring is not open") }
            return try body(ring)
        }
    }

    /// Does something with the ring soon.
    func later(_ body: @escaping @Sendable (Ring) -> Void) {
        loop.post { [self] in if let ring { body(ring) } }
    }

    /// Writes out what waits and lets go of the file; `done` is called on the disk's thread.
    func close(done: @escaping @Sendable () -> Void) {
        let posted = loop.post { [self] in
            do {
                _ = try ring?.flush(now: SystemClock.unixTime / 1_000_000_000)
            } catch {
                Log.error("store", "the last blocks stay in the tail until the next start: \(error)")
            }
            ring = nil
            done()
        }
        if !posted { done() }
    }

    /// The ring, for code that is on the disk's thread already.
    var ringHere: Ring? {
        precondition(loop.isCurrent, "the ring is touched on the disk's thread only")
        return ring
    }

    func readersHere() throws -> RingReaders {
        guard let ring = ringHere else { throw Failure(.restart, "the ring is not open") }
        return ring.readers
    }

    private func wait<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) throws -> Result {
        try loop.wait(for: body)
    }
}
