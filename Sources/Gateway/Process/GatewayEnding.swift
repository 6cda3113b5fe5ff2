import System

/// Stopping, reloading, and staying alive in the eyes of the service manager.
extension Gateway {
    static let stopWithinMs: Int64 = 2_000

    /// Stops everything with what was recorded on disk, then calls `finished`. Whoever is late is named and left behind.
    public func stop(status: Int32 = ExitStatus.clean, finished: @escaping () -> Void) {
        guard ending == nil else { return }
        ending = Ending(status: status, finished: finished)
        manager.stopping()
        note(Event(.notice, "gateway", "stopping"))
        let late = loop.schedule(afterMs: Gateway.stopWithinMs) { [weak self] in self?.nameLaggards() }
        root.stop { [weak self] in
            guard let self else { return finished() }
            self.recorder.finish { self.closeDisk(late) }
        }
    }

    /// The status with which the process should end.
    public var exitStatus: Int32 { ending?.status ?? ExitStatus.clean }

    private func closeDisk(_ late: TimerToken) {
        let box = LoopBound(self, loop)
        disk.close {
            box.post { gateway in
                gateway.loop.cancel(late)
                gateway.note(Event(.notice, "gateway", "stopped; everything recorded is on disk"))
                gateway.ending?.finished()
            }
        }
    }

    private func nameLaggards() {
        let running = root.reports().filter { $0.state == .running }.map(\.path)
        let who = running.isEmpty ? "the disk" : running.joined(separator: ", ")
        Log.warning("gateway", "still waiting for \(who)")
        // A disk that hangs must not keep the box from going down; the pending buffer holds what it did not take.
        loop.schedule(afterMs: 3 * Gateway.stopWithinMs) { [weak self] in
            Log.error("gateway", "leaving without \(who)")
            self?.ending?.status = ExitStatus.failed
            self?.ending?.finished()
        }
    }

    /// Takes up a changed settings file; nothing changes where it is bad.
    public func reload(_ read: (Options) throws -> Configuration) throws -> (changed: [String], needsRestart: [String])
    {
        manager.reloading()
        defer { manager.ready(headline) }
        let fresh: Configuration
        do {
            fresh = try read(options)
        } catch {
            note(Event(.error, "config", "the settings were not taken: \(error)"))
            throw error
        }
        let differences = fresh.differences(from: configuration)
        let waiting = differences.filter { path in
            Configuration.needsRestart.contains { path == $0 || path.hasPrefix($0 + ".") || path.hasPrefix($0 + "[") }
        }
        configuration = fresh
        intake.apply(fresh.intakeLimits)
        adjustLinks()
        let changed = differences.filter { !waiting.contains($0) }
        if !differences.isEmpty {
            note(
                Event(
                    .notice, "config",
                    "took up \(changed.joined(separator: ", "))"
                        + (waiting.isEmpty ? "" : "; after a restart: \(waiting.joined(separator: ", "))")))
        }
        return (changed, waiting)
    }

    /// The watchdog is fed from the loop that takes readings in, and only while commits end in time: a loop that hangs or a
    /// disk that does not answer starves it.
    func startWatchdog() {
        guard let limit = manager.watchdogMs else { return }
        loop.repeating(everyMs: max(500, limit / 3)) { [weak self] in
            guard let self, self.recorder.isInTime(now: SystemClock.bootTime) else { return }
            self.manager.alive()
        }
    }

    /// One line on how it is.
    public var headline: String {
        let rate = Int(intake.samplesPerSecond().rounded())
        if let trouble = recorder.health.trouble { return "recording to memory only: \(trouble)" }
        return "\(intake.sensors.filter { !$0.isForgotten }.count) sensors, \(rate) samples/s"
    }
}
