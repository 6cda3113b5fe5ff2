import System

// MARK: - For the interface

extension BluetoothLink {
    /// An adapter, for people.
    public struct AdapterStatus {
        public var name: String
        public var address: String
        public var mode: String
        public var summary: String
        public var isListening: Bool
        public var dutyPercent: Int
        public var counters: [(name: String, value: UInt64)]
    }

    public var adapterList: [AdapterStatus] {
        (adapters?.status ?? []).map { status in
            AdapterStatus(
                name: "hci\(status.index)", address: status.address?.description ?? "", mode: status.mode.rawValue,
                summary: status.summary, isListening: status.listening,
                dutyPercent: Int((status.duty.share * 100).rounded()),
                counters: [
                    ("reports", status.reports), ("recoveries", status.recoveries),
                    ("monitors_lost", status.counters.monitorsLost),
                    ("commands_timed_out", status.counters.commandsTimedOut),
                    ("commands_refused", status.counters.commandsRefused),
                    ("controller_errors", status.counters.controllerErrors),
                    ("resets_asked", status.counters.resetsAsked),
                ] + status.rungs.map { ($0.name.replacing(" ", with: "_"), $0.taken) })
        }
    }

    /// False where there is no such adapter.
    public func resetAdapter(_ name: String) -> Bool {
        guard let index = (adapters?.status ?? []).first(where: { "hci\($0.index)" == name })?.index else {
            return false
        }
        adapters?.tell(index, .reset)
        return true
    }

    /// Who is in the air. `active` asks devices for more than they say by themselves, for that long.
    public func scan(activeMs: Int64 = 0, limit: Int = 200) -> [HeardDevice] {
        if activeMs > 0 { adapters?.tellAll(.wantActive(until: SystemClock.bootTime + activeMs * 1_000_000)) }
        return scanner.snapshot(now: SystemClock.bootTime, limit: limit)
    }

    public var counters: [(name: String, value: UInt64)] {
        let scan = scanner.counters
        let session = sessions?.counters ?? Sessions.Counters()
        return [
            ("frames", scan.reports), ("adopted_frames", scan.adopted), ("delivered", scan.delivered),
            ("samples", scan.samples), ("repeats", scan.repeats), ("replayed_counters", scan.replays),
            ("refused", scan.refused), ("devices", UInt64(scanner.table.count)),
            ("devices_evicted", scanner.table.evicted), ("malformed_events", malformed + (channel?.malformed ?? 0)),
            ("hot_plugs", adapters?.hotPlugs ?? 0), ("connect_attempts", session.attempts),
            ("connections", session.connected), ("connections_dropped", session.dropped),
            ("discoveries", session.discoveries), ("values_received", session.values),
            ("strangers_refused", desk?.refusedStrangers ?? 0),
        ]
    }

    /// Takes a datagram of the management channel as if the kernel had just sent it: for captures and for benchmarks. The
    /// link need not be started; what it hears goes to `owner`.
    public func replay(_ datagram: UnsafeRawBufferPointer, to owner: any LinkOwner) {
        if self.owner == nil {
            self.owner = owner
            scanner.owner = owner
        }
        do throws(MgmtMalformed) { heard(try MgmtPacket(datagram)) } catch { malformed += 1 }
    }
}
