import Identity
import Measurements
import Notation
import Store
import System

/// What `bothy status`, `/v1/status` and the page show.
extension Gateway {
    /// Something that somebody should look at, with what to do.
    public struct Problem: Sendable {
        public var text: String
        public var hint: String
        public var isGrave: Bool
    }

    public func status() -> JSON {
        let now = SystemClock.bootTime
        let problems = problems(now: now)
        return [
            "gateway": [
                "name": .string(configuration.name), "id": .string(KeyText.full(identity.id)),
                "fingerprint": .string(KeyText.short(identity.id)), "version": .string(options.version),
                "role": .string(configuration.isHub ? "hub" : "field"), "run": .string(Hex.encode(run.run.bytes)),
                "uptime_s": JSON((now - begun) / 1_000_000_000),
            ],
            "healthy": JSON(!problems.contains { $0.isGrave }),
            "problems": .array(
                problems.map { ["text": .string($0.text), "hint": .string($0.hint), "grave": JSON($0.isGrave)] }),
            "recording": recordingStatus(now: now), "store": storeStatus(now: now), "clock": clockStatus(),
            "process": processStatus(now: now),
            "peers": networkStatus(), "components": .array(root.reports().map { componentStatus($0, now: now) }),
        ]
    }

    /// What is wrong, gravest first.
    public func problems(now: Int64) -> [Problem] {
        var problems: [Problem] = []
        if let trouble = recorder.health.trouble {
            problems.append(
                Problem(
                    text: "nothing reaches the disk: \(trouble)",
                    hint: "samples gather in memory for a while; look at the disk: bothy doctor", isGrave: true))
        }
        for report in root.reports() where report.state == .givenUp || report.state == .resting {
            problems.append(
                Problem(
                    text: "\(report.path) is \(report.state.rawValue): \(report.lastFailure ?? "")",
                    hint: report.state == .resting ? "it is tried again every minute" : "mend it and restart bothy",
                    isGrave: report.state == .givenUp))
        }
        if !opened.durability.isDurable {
            problems.append(
                Problem(
                    text: "\(options.stateFolder) is \(opened.durability)",
                    hint: "put the state folder on a disk of this machine", isGrave: false))
        }
        for sensor in intake.sensors where !sensor.isForgotten && sensor.isEnabled && !sensor.isHealthy {
            let silent = sensor.lastHeard.map { Double(now - $0) / 1e9 } ?? 0
            problems.append(
                Problem(
                    text: "\(sensor.name) (\(sensor.declaration.id)): \(sensor.state)",
                    hint: "last heard \(Int(silent)) s ago; bothy sensor show \(sensor.declaration.id)", isGrave: false)
            )
        }
        if let trouble = state.lastTrouble {
            problems.append(Problem(text: trouble, hint: "look at the disk: bothy doctor", isGrave: true))
        }
        return problems.sorted { $0.isGrave && !$1.isGrave }
    }

    private func recordingStatus(now: Int64) -> JSON {
        let listed = intake.sensors.filter { !$0.isForgotten }
        return [
            "sensors": JSON(listed.count), "recorded": JSON(listed.count { $0.isEnabled }),
            "healthy": JSON(listed.count { $0.isHealthy && $0.isEnabled }), "streams": JSON(intake.streams.count),
            "samples": JSON(intake.samples), "samples_per_second": JSON(intake.samplesPerSecond()),
            "overflow": JSON(listed.reduce(0) { $0 + $1.overflow }), "watchers": JSON(feed.watcherCount),
        ]
    }

    private func storeStatus(now: Int64) -> JSON {
        let health = recorder.health
        var members: [JSON.Member] = [
            .init("durable", JSON(opened.durability.isDurable)), .init("commits", JSON(health.commits)),
            .init("blocks", JSON(health.blocks)), .init("seals", JSON(health.seals)),
            .init("commit_window_ms", JSON(recorder.windowMs)),
            .init("last_commit_age_ms", health.lastCommit.map { JSON((now - $0) / 1_000_000) } ?? .null),
            .init("last_commit_took_ms", JSON(Double(health.lastCommitTookNs / 10_000) / 100)),
            .init("trouble", JSON(health.trouble)),
        ]
        members.append(.init("policy", .string(configuration.tree["store"]["policy"].text)))
        if let stats = gauge.newest {
            let slot = stats.packSlots == 0 ? 0 : stats.capBytes / max(1, stats.packSlots)
            members += [
                .init("used_bytes", JSON(stats.usedBytes)), .init("cap_bytes", JSON(stats.capBytes)),
                .init("sample_bytes", JSON(stats.sampleBytes)),
                .init("protected_bytes", JSON(stats.packsProtected * slot)),
                .init("replicated_bytes", JSON(stats.packsReplicated * slot)),
                .init("thinned_bytes", JSON(stats.packsThinned * slot)), .init("fill", JSON(stats.fill)),
                .init("written_bytes_per_day", stats.secondsOpen < 60 ? .null : JSON(Int64(stats.bytesADay))),
                .init("device_bytes_per_day", stats.deviceBytesADay.map { JSON(Int64($0)) } ?? .null),
                .init("wraps_in_s", stats.secondsUntilFull.map { JSON($0) } ?? .null),
                .init("oldest_unix_s", stats.oldestPack.map { JSON($0) } ?? .null),
            ]
        }
        return .object(members)
    }

    public func clockStatus() -> JSON {
        let anchor = clock.newest
        return [
            "unix_ms": JSON((SystemClock.bootTime + clock.offset) / 1_000_000),
            "synchronised": JSON(anchor?.source == .system),
            "source": .string(anchor.map { "\($0.source)" } ?? "none"),
            "error_ms": anchor.map { JSON(Double($0.errorNs) / 1e6) } ?? .null,
        ]
    }

    private func networkStatus() -> JSON {
        let trusted = network.trusted.count
        let connected = network.trusted.count { network.synchroniser.progress[$0.identity] != nil }
        return ["trusted": JSON(trusted), "connected": JSON(connected), "open": JSON(network.isOpen)]
    }

    private func processStatus(now: Int64) -> JSON {
        let memory = MachineFacts.memory()
        let seconds = MachineFacts.processorSeconds()
        return [
            "resident_bytes": JSON(memory.resident), "anonymous_bytes": JSON(memory.anonymous),
            "processor_share": JSON(seconds / max(1, Double(now - begun) / 1e9)),
        ]
    }

    private func componentStatus(_ report: Supervisor.Report, now: Int64) -> JSON {
        [
            "path": .string(report.path), "state": .string(report.state.rawValue), "restarts": JSON(report.restarts),
            "last_failure": JSON(report.lastFailure),
            "last_failure_age_s": report.lastFailureAt.map { JSON((now - $0) / 1_000_000_000) } ?? .null,
        ]
    }
}
