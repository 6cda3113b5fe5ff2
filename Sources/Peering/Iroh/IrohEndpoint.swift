import CIroh
import Hashing
import Identity
import System

/// Where an endpoint can be reached.
public struct IrohAddress: Hashable, Sendable {
    /// `192.0.2.1:4433`, `[2001:db8::1]:4433`
    public var direct: [String]
    public var relay: String?

    public init(direct: [String] = [], relay: String? = nil) {
        self.direct = direct
        self.relay = relay
    }
}

/// How an endpoint is made.
public struct IrohOptions: Sendable {
    public enum Relay: Sendable, Hashable {
        case none
        /// The iroh project's public relays.
        case n0
        case servers([(url: String, token: String?)])

        public static func == (left: Relay, right: Relay) -> Bool {
            switch (left, right) {
            case (.none, .none), (.n0, .n0): true
            case (.servers(let left), .servers(let right)): left.elementsEqual(right) { $0 == $1 }
            default: false
            }
        }

        public func hash(into hasher: inout Hasher) {
            if case .servers(let servers) = self { for server in servers { hasher.combine(server.url) } }
        }
    }

    public var alpns: [[UInt8]]
    public var relay: Relay = .none
    /// One of each family: what is left out is bound to every address of its family by the library.
    public var bind: [String] = ["0.0.0.0:0", "[::]:0"]

    public init(alpns: [[UInt8]]) { self.alpns = alpns }
}

/// This gateway's end of the network. Confined to its loop.
public final class IrohEndpoint {
    private let library: IrohLibrary
    private let loop: Loop
    private let object: IrohObject

    private init(_ library: IrohLibrary, _ loop: Loop, _ raw: UInt64) {
        self.library = library
        self.loop = loop
        object = library.endpoint(raw)
    }

    /// Opens the sockets. From here on packets may leave the box: the library looks for a router that maps ports.
    static func bind(
        _ library: IrohLibrary, _ loop: Loop, key: EndpointKey, _ options: IrohOptions,
        _ completion: @escaping (Result<IrohEndpoint, IrohFailure>) -> Void
    ) {
        do throws(IrohFailure) {
            let builder = try prepare(library, key: key, options)
            IrohFuture(library, loop, .handle, library.api.builder_bind(builder.passed())) { result in
                switch result {
                case .success(.handle(let raw)): completion(.success(IrohEndpoint(library, loop, raw)))
                case .success: completion(.failure(.broken("bind gave no endpoint")))
                case .failure(let failure): completion(.failure(failure))
                }
            }
        } catch {
            completion(.failure(error))
        }
    }

    private static func prepare(_ library: IrohLibrary, key: EndpointKey, _ options: IrohOptions)
        throws(IrohFailure) -> IrohObject
    {
        let api = library.api
        let builder = library.builder(try library.call { api.builder_new($0) })
        // First of all: it installs the cryptography the rest relies on.
        try library.call { api.builder_minimal(builder.passed(), $0) }
        let seed = key.withSeed { library.blob($0) }
        try library.call { api.builder_secret_key(builder.passed(), seed, $0) }
        let alpns = library.buffer { $0.list(options.alpns) { $0.blob($1) } }
        try library.call { api.builder_alpns(builder.passed(), alpns, $0) }
        let mode = library.relayMode(try relayMode(library, options.relay))
        try library.call { api.builder_relay_mode(builder.passed(), mode.passed(), $0) }
        for address in options.bind {
            try library.call { api.builder_bind_address(builder.passed(), library.text(address), $0) }
        }
        return builder
    }

    private static func relayMode(_ library: IrohLibrary, _ relay: IrohOptions.Relay) throws(IrohFailure) -> UInt64 {
        let api = library.api
        switch relay {
        case .none: return try library.call { api.relaymode_disabled($0) }
        case .n0: return try library.call { api.relaymode_default($0) }
        case .servers(let servers):
            let map = library.relayMap(try library.call { api.relaymap_empty($0) })
            for server in servers {
                // Without a QUIC port: asking one for our address takes seconds where nobody answers.
                let config = library.buffer {
                    $0.string(server.url)
                    $0.option(UInt16?.none) { $0.integer($1) }
                    $0.option(server.token) { $0.string($1) }
                }
                try library.call { api.relaymap_insert(map.passed(), config, $0) }
            }
            return try library.call { api.relaymode_custom(map.passed(), $0) }
        }
    }

    /// Calls `handler` for every connection somebody begins, until the endpoint is closed; then `ended` once.
    func accept(_ handler: @escaping (IrohIncoming) -> Void, ended: @escaping () -> Void) {
        IrohFuture(library, loop, .buffer, library.api.endpoint_accept(object.passed())) { [library, loop] result in
            guard case .success(.bytes(let bytes)) = result else { return ended() }
            var reader = IrohReader(bytes)
            guard case .some(.some(let raw)) = reader.option({ $0.integer(UInt64.self) }) else { return ended() }
            handler(IrohIncoming(library, loop, raw))
            self.accept(handler, ended: ended)
        }
    }

    /// Nil when the address does not even read; else the attempt, which can be cancelled.
    @discardableResult
    func connect(
        to id: Bytes32, at address: IrohAddress, alpn: [UInt8],
        _ completion: @escaping (Result<IrohConnection, IrohFailure>) -> Void
    ) -> IrohFuture? {
        do throws(IrohFailure) {
            let key = id.bytes.withUnsafeBytes { library.blob($0) }
            let remote = try library.call { library.api.id_from_bytes(key, $0) }
            let relay = library.buffer { $0.option(address.relay) { $0.string($1) } }
            let direct = library.buffer { $0.list(address.direct) { $0.string($1) } }
            let place = library.address(try library.call { library.api.address_new(remote, relay, direct, $0) })
            let name = alpn.withUnsafeBytes { library.blob($0) }
            let future = library.api.endpoint_connect(object.passed(), place.passed(), name)
            return IrohFuture(library, loop, .handle, future) { [library, loop] result in
                completion(IrohEndpoint.connection(library, loop, result))
            }
        } catch {
            completion(.failure(error))
            return nil
        }
    }

    /// Where this endpoint can be reached, as far as it knows.
    var address: IrohAddress {
        guard let raw = try? library.call({ library.api.endpoint_address(object.passed(), $0) }) else {
            return IrohAddress()
        }
        let address = library.address(raw)
        var found = IrohAddress()
        if let buffer = try? library.call({ library.api.address_direct(address.passed(), $0) }) {
            var reader = IrohReader(library.take(buffer))
            found.direct = reader.list { $0.string() } ?? []
        }
        if let buffer = try? library.call({ library.api.address_relay(address.passed(), $0) }) {
            var reader = IrohReader(library.take(buffer))
            found.relay = reader.option { $0.string() } ?? nil
        }
        return found
    }

    /// The local addresses that are listened at.
    var sockets: [String] {
        guard let buffer = try? library.call({ library.api.endpoint_sockets(object.passed(), $0) }) else { return [] }
        var reader = IrohReader(library.take(buffer))
        return reader.list { $0.string() } ?? []
    }

    /// An address somebody outside saw us at: offered to peers, so that they can reach us through a router.
    func addExternal(_ address: String) {
        IrohFuture(
            library, loop, .nothing, library.api.endpoint_add_external(object.passed(), library.text(address))
        ) { _ in }
    }

    func close(_ completion: @escaping () -> Void = {}) {
        IrohFuture(library, loop, .nothing, library.api.endpoint_close(object.passed())) { _ in completion() }
    }

    static func connection(_ library: IrohLibrary, _ loop: Loop, _ result: Result<IrohFuture.Value, IrohFailure>)
        -> Result<IrohConnection, IrohFailure>
    {
        Result { () throws(IrohFailure) -> IrohConnection in
            guard case .handle(let raw) = try result.get() else { throw .broken("no connection") }
            return try IrohConnection(library, loop, raw)
        }
    }
}
