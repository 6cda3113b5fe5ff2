import Hashing

/// A hub's word that everything under a seal is durable with it.
public struct Receipt: Signable {
    public var hub: Bytes32
    public var epoch: StoreEpoch
    public var gateway: GatewayID
    public var run: RunID
    public var seal: UInt64
    /// The seal's Merkle root.
    public var root: Bytes32
    public var time: UnixTime

    public init(
        hub: Bytes32, epoch: StoreEpoch, gateway: GatewayID, run: RunID, seal: UInt64, root: Bytes32, time: UnixTime
    ) {
        self.hub = hub
        self.epoch = epoch
        self.gateway = gateway
        self.run = run
        self.seal = seal
        self.root = root
        self.time = time
    }

    public static var purpose: StaticString { "receipt" }
    public var signer: Bytes32 { hub }

    public func encode(into writer: inout ByteWriter) {
        writer.identifier(hub)
        writer.identifier(epoch)
        writer.identifier(gateway)
        writer.identifier(run)
        writer.varint(seal)
        writer.identifier(root)
        writer.fixed(time)
    }

    public static func decode(from reader: inout ByteReader) throws(Malformed) -> Receipt {
        Receipt(
            hub: try reader.identifier32("hub"), epoch: try reader.identifier16(StoreEpoch.self, "store epoch"),
            gateway: try reader.identifier32("gateway"), run: try reader.identifier16(RunID.self, "run"),
            seal: try reader.varint("seal"), root: try reader.identifier32("root"),
            time: try reader.fixed(UnixTime.self, "time"))
    }
}
