import Hashing
import Identity
import System

extension PeeringService {
    /// Offers another protocol over this endpoint, to trusted peers only. To be called before `start`.
    public func offer(alpn: [UInt8], _ accept: @escaping (IrohConnection, GatewayKey) -> Void) {
        precondition(endpoint == nil, "protocols are offered before peering starts")
        offers[alpn] = accept
    }

    /// Opens a connection of another protocol to a trusted peer. Letting it go closes it.
    public func connect(
        to identity: GatewayKey, alpn: [UInt8],
        _ completion: @escaping (Result<IrohConnection, IrohFailure>) -> Void
    ) {
        guard let endpoint, let peer = peers[identity], let target = target(of: peer.trusted) else {
            return completion(.failure(IrohFailure(kind: .connect, message: "the peer is not known or peering is off")))
        }
        var done: ((Result<IrohConnection, IrohFailure>) -> Void)? = completion
        let address = IrohAddress(direct: peer.addresses, relay: peer.trusted.relay)
        let attempt = endpoint.connect(to: target, at: address, alpn: alpn) { result in
            done?(result)
            done = nil
        }
        loop.schedule(afterMs: PeerLife.connectTimeout / 1_000_000) {
            if done != nil { attempt?.cancel() }
        }
    }

    /// The endpoint's key was checked by the transport; whose it is, is known from a certificate seen before.
    func hand(_ connection: IrohConnection, to accept: (IrohConnection, GatewayKey) -> Void) {
        guard let identity = byEndpoint[connection.remoteID], peers[identity] != nil else {
            counters.strangers += 1
            return connection.close(code: Goodbye.notTrusted.rawValue, reason: Goodbye.notTrusted.sentence)
        }
        accept(connection, identity)
    }
}
