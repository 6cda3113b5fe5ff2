/// What the owner of the box wants of its radios.
public struct BluetoothSettings: Hashable, Sendable {
    public enum Mode: String, Sendable, CaseIterable {
        /// Exclusive unless bluetoothd runs.
        case automatic = "auto"
        case exclusive
        case shared
    }

    public struct Adopted: Hashable, Sendable {
        public var address: BluetoothAddress
        /// The sensor's id at this gateway; the address where nil.
        public var id: String?
        public var name: String?
        /// The family or session description to use; nil: whichever claims it.
        public var decoder: String?
        /// What an encrypted beacon is opened with; 12 or 16 bytes.
        public var key: [UInt8]?
        /// Whether to connect; nil: where the description is one of a session.
        public var connect: Bool?

        public init(
            address: BluetoothAddress, id: String? = nil, name: String? = nil, decoder: String? = nil,
            key: [UInt8]? = nil, connect: Bool? = nil
        ) {
            self.address = address
            self.id = id
            self.name = name
            self.decoder = decoder
            self.key = key
            self.connect = connect
        }
    }

    public static let mostAdopted = 512

    /// `hci0` or an address; empty: every adapter.
    public var adapters: [String] = []
    public var mode: Mode = .automatic
    /// While an adopted sensor needs the adapter.
    public var duty: ScanDuty = .full
    /// While none does.
    public var idleDuty: ScanDuty = .idle
    public var adopted: [Adopted] = []
    /// Connections at the same time, until an adapter is found to take fewer.
    public var connections = 5
    /// Where the privileged helper listens; nil: open the sockets here, which needs CAP_NET_ADMIN.
    public var helper: String?

    public init() {}
}
