import Hashing
import Identity
import Peering
import Store

/// Whom this gateway trusts, kept with the precious state and read whole at the start.
final class TrustMemory: TrustStore {
    static let migrations = MigrationSeries(
        "peers",
        [
            MigrationSeries.Step(
                "trusted gateways",
                """
                CREATE TABLE peer (
                    identity BLOB PRIMARY KEY, name TEXT NOT NULL, role INTEGER NOT NULL, endpoints BLOB NOT NULL,
                    addresses TEXT NOT NULL, relay TEXT
                ) WITHOUT ROWID
                """),
            MigrationSeries.Step(
                "what logs hold",
                """
                CREATE TABLE log_index (
                    author BLOB NOT NULL, log BLOB NOT NULL, chain INTEGER NOT NULL, position INTEGER NOT NULL,
                    leaves BLOB NOT NULL, PRIMARY KEY (author, log, chain, position)
                ) WITHOUT ROWID;
                CREATE TABLE log_fork (
                    author BLOB NOT NULL, log BLOB NOT NULL, chain INTEGER NOT NULL, position INTEGER NOT NULL,
                    entry BLOB NOT NULL, PRIMARY KEY (author, log, chain, position)
                ) WITHOUT ROWID;
                CREATE TABLE receipt (
                    hub BLOB NOT NULL, author BLOB NOT NULL, log BLOB NOT NULL, body BLOB NOT NULL,
                    PRIMARY KEY (hub, author, log)
                ) WITHOUT ROWID
                """),
        ])

    private let state: StateKeeper
    private var peers: [Bytes32: TrustedPeer] = [:]

    init(_ state: StateKeeper) throws {
        self.state = state
        for peer in try state.now({ try TrustMemory.read($0) }) { peers[peer.identity] = peer }
    }

    func trustedPeers() -> [TrustedPeer] { Array(peers.values) }

    subscript(identity: Bytes32) -> TrustedPeer? { peers[identity] }

    func keep(_ peer: TrustedPeer) {
        guard peers[peer.identity] != peer else { return }
        peers[peer.identity] = peer
        state.later("remember a peer") { state in
            var endpoints: [UInt8] = []
            for endpoint in peer.endpoints {
                endpoints += endpoint.id.bytes
                endpoints += withUnsafeBytes(of: endpoint.serial.bigEndian) { Array($0) }
            }
            let statement = try state.database.statement("INSERT OR REPLACE INTO peer VALUES (?, ?, ?, ?, ?, ?)")
            statement.bind(1, peer.identity.bytes).bind(2, peer.name).bind(3, Int64(peer.role.rawValue))
                .bind(4, endpoints).bind(5, peer.addresses.joined(separator: " "))
            if let relay = peer.relay { statement.bind(6, relay) } else { statement.bindNull(6) }
            try statement.execute()
        }
    }

    func forget(_ identity: Bytes32) {
        peers[identity] = nil
        state.later("forget a peer") { state in
            try state.database.statement("DELETE FROM peer WHERE identity = ?").bind(1, identity.bytes).execute()
        }
    }

    private static func read(_ state: State) throws -> [TrustedPeer] {
        let statement = try state.database.statement("SELECT * FROM peer")
        defer { statement.reset() }
        var found: [TrustedPeer] = []
        while try statement.step() {
            guard let identity = Bytes32(statement.bytes(0)) else { continue }
            let packed = statement.bytes(3)
            let endpoints = stride(from: 0, to: packed.count - 39, by: 40).compactMap { at in
                Bytes32(packed[at..<at + 32]).map { id in
                    TrustedPeer.Endpoint(
                        id: id, serial: packed[(at + 32)..<(at + 40)].reduce(0) { $0 << 8 | UInt64($1) })
                }
            }
            found.append(
                TrustedPeer(
                    identity: identity, name: statement.text(1),
                    role: GatewayRole(rawValue: UInt8(truncatingIfNeeded: statement.integer(2))) ?? .gateway,
                    endpoints: endpoints, addresses: statement.text(4).split(separator: " ").map(String.init),
                    relay: statement.isNull(5) ? nil : statement.text(5)))
        }
        return found
    }
}
