import CIroh

/// What the library says when a call fails.
public struct IrohFailure: Error, Hashable, Sendable, CustomStringConvertible {
    public enum Kind: Int32, Sendable {
        case cancelled = -2
        /// The library broke its own rules: a bug there or a mismatch here.
        case broken = -1
        case other = 0
        case invalidInput, bind, connect, connection, alpn, keyParsing, ticketParsing, relay, stream, datagram, callback
        case closed, timeout, inside
    }

    public var kind: Kind
    public var message: String

    static let cancelled = IrohFailure(kind: .cancelled, message: "cancelled")

    static func broken(_ what: String) -> IrohFailure { IrohFailure(kind: .broken, message: what) }

    public var description: String { message.isEmpty ? "\(kind)" : message }
}

/// One thing the library holds for us; given back when the last reference goes.
final class IrohObject: @unchecked Sendable {  // because `raw` never changes and the library's handles are thread-safe
    typealias Clone = @convention(c) (UInt64, UnsafeMutablePointer<bothy_iroh_status>?) -> UInt64
    typealias Free = @convention(c) (UInt64, UnsafeMutablePointer<bothy_iroh_status>?) -> Void

    private let raw: UInt64
    private let clone: Clone
    private let free: Free

    init(_ raw: UInt64, _ clone: @escaping Clone, _ free: @escaping Free) {
        self.raw = raw
        self.clone = clone
        self.free = free
    }

    deinit {
        var status = bothy_iroh_status()
        free(raw, &status)
    }

    /// A handle to pass: every call consumes what it is given.
    func passed() -> UInt64 {
        var status = bothy_iroh_status()
        return clone(raw, &status)
    }
}

extension IrohLibrary {
    func object(_ raw: UInt64, _ clone: IrohObject.Clone?, _ free: IrohObject.Free?) -> IrohObject {
        IrohObject(raw, clone!, free!)
    }

    func endpoint(_ raw: UInt64) -> IrohObject { object(raw, api.clone_endpoint, api.free_endpoint) }
    func builder(_ raw: UInt64) -> IrohObject { object(raw, api.clone_endpointbuilder, api.free_endpointbuilder) }
    func id(_ raw: UInt64) -> IrohObject { object(raw, api.clone_endpointid, api.free_endpointid) }
    func address(_ raw: UInt64) -> IrohObject { object(raw, api.clone_endpointaddr, api.free_endpointaddr) }
    func relayMap(_ raw: UInt64) -> IrohObject { object(raw, api.clone_relaymap, api.free_relaymap) }
    func relayMode(_ raw: UInt64) -> IrohObject { object(raw, api.clone_relaymode, api.free_relaymode) }
    func incoming(_ raw: UInt64) -> IrohObject { object(raw, api.clone_incoming, api.free_incoming) }
    func accepting(_ raw: UInt64) -> IrohObject { object(raw, api.clone_accepting, api.free_accepting) }
    func connection(_ raw: UInt64) -> IrohObject { object(raw, api.clone_connection, api.free_connection) }
    func biStream(_ raw: UInt64) -> IrohObject { object(raw, api.clone_bistream, api.free_bistream) }
    func sendStream(_ raw: UInt64) -> IrohObject { object(raw, api.clone_sendstream, api.free_sendstream) }
    func receiveStream(_ raw: UInt64) -> IrohObject { object(raw, api.clone_recvstream, api.free_recvstream) }

    /// Runs a call that answers at once.
    func call<Value>(_ body: (UnsafeMutablePointer<bothy_iroh_status>) -> Value) throws(IrohFailure) -> Value {
        var status = bothy_iroh_status()
        let value = body(&status)
        if let failure = failure(of: status) { throw failure }
        return value
    }

    /// Reads and gives back what a status holds; nil when the call went well.
    func failure(of status: bothy_iroh_status) -> IrohFailure? {
        switch Int(status.code) {
        case Int(BOTHY_IROH_OK): return nil
        case Int(BOTHY_IROH_CANCELLED): return .cancelled
        case Int(BOTHY_IROH_FAILED):
            var reader = IrohReader(take(status.error))
            guard let raw = reader.integer(UInt64.self) else { return .broken("an error without a handle") }
            let error = object(raw, api.clone_iroherror, api.free_iroherror)
            var ignored = bothy_iroh_status()
            var kind = IrohReader(take(api.error_kind(error.passed(), &ignored)))
            let message = String(decoding: take(api.error_message(error.passed(), &ignored)), as: UTF8.self)
            return IrohFailure(
                kind: kind.integer(Int32.self).flatMap { .init(rawValue: $0) } ?? .other, message: message)
        default: return .broken("panic: " + String(decoding: take(status.error), as: UTF8.self))
        }
    }
}
