import Links
import Peering
import Settings
import Store

/// The settings in the form in which the gateway uses them.
public struct Configuration: Sendable {
    public var tree: SettingsTree

    public init(_ tree: SettingsTree) { self.tree = tree }

    public var name: String { tree["name"].optionalText ?? MachineFacts.hostName() }
    public var isHub: Bool { tree["role"].text == "hub" }

    var ringLimits: RingLimits {
        let store = tree["store"]
        return RingLimits(
            bytes: Int(store["cap"].whole), ageSeconds: store["max_age"].optionalWhole.map { $0 / 1000 },
            floorBytes: Int(store["free_floor"].whole),
            policy: RingLimits.Policy(rawValue: store["policy"].text) ?? .thin,
            protectedPercent: Int(store["protected"].whole))
    }

    var intakeLimits: Intake.Limits {
        let intake = tree["intake"]
        return Intake.Limits(
            quotaFactor: intake["quota_factor"].decimal, leastQuota: Double(intake["least_quota"].whole),
            quotas: Dictionary(
                intake["quotas"].entries.map { ($0.name, Double($0.value.whole)) }, uniquingKeysWith: { $1 }))
    }

    var recorderTiming: Recorder.Timing { Recorder.Timing(commitEveryMs: tree["store"]["commit_every"].optionalWhole) }

    var scenario: String? { tree["simulated"]["scenario"].optionalText }
    var seed: UInt64 { UInt64(tree["simulated"]["seed"].whole) }
    var speed: Double { tree["simulated"]["speed"].decimal }

    var decoderFolders: [String] {
        let folders = tree["decoders"].items.map(\.text)
        return folders.isEmpty ? ["/etc/bothy/decoders"] : folders
    }

    /// Nil where Bluetooth is switched off.
    var bluetooth: BluetoothSettings? {
        let tree = tree["bluetooth"]
        guard let mode = BluetoothSettings.Mode(rawValue: tree["mode"].text) else { return nil }
        var settings = BluetoothSettings()
        settings.mode = mode
        settings.adapters = tree["adapters"].items.map(\.text)
        settings.duty = Configuration.duty(tree["duty"].whole)
        settings.idleDuty = Configuration.duty(tree["idle_duty"].whole)
        settings.connections = Int(tree["connections"].whole)
        settings.helper = tree["helper"].optionalText
        settings.adopted = tree["sensors"].items.compactMap { sensor in
            guard let address = BluetoothAddress(sensor["address"].text) else { return nil }
            return BluetoothSettings.Adopted(
                address: address, id: sensor["id"].optionalText, name: sensor["name"].optionalText,
                decoder: sensor["decoder"].optionalText,
                connect: sensor["connect"].isAbsent ? nil : sensor["connect"].flag)
        }
        return settings
    }

    private static func duty(_ percent: Int64) -> ScanDuty {
        ScanDuty(intervalMs: 60, windowMs: max(2.5, 0.6 * Double(percent))) ?? .full
    }

    var peeringMode: String { tree["peering"]["mode"].text }

    var peering: PeeringSettings {
        let tree = tree["peering"]
        var settings = PeeringSettings()
        settings.role = isHub ? .hub : .gateway
        settings.dials = !isHub
        settings.discovery = PeeringSettings.Discovery(rawValue: tree["discovery"].text) ?? .on
        settings.discoveryPort = UInt16(tree["port"].whole)
        settings.metered = tree["metered"].flag
        if !tree["bind"].items.isEmpty { settings.bind = tree["bind"].items.map(\.text) }
        switch tree["relay"].text {
        case "none": settings.relay = .none
        case "n0": settings.relay = .n0
        case let url: settings.relay = .servers([(url: url, token: nil)])
        }
        return settings
    }

    public var listen: String { tree["control"]["listen"].text }
    public var isInsecure: Bool { tree["control"]["insecure"].flag }
    public var hosts: [String] { tree["control"]["hosts"].items.map(\.text) }

    /// Paths of settings that differ.
    func differences(from other: Configuration) -> [String] {
        func words(_ tree: SettingsTree) -> [String: String] {
            Dictionary(tree.leaves().map { ($0.path, $0.value.written) }, uniquingKeysWith: { $1 })
        }
        let (mine, theirs) = (words(tree), words(other.tree))
        return Set(mine.keys).union(theirs.keys).filter { mine[$0] != theirs[$0] }.sorted()
    }

    /// Settings that are read once, at the start: a reload never touches storage, and a socket is bound once.
    static let needsRestart = ["name", "role", "store", "control", "peering"]
}
