import Hashing
import System

/// One way packets of a connection go.
public struct IrohPath: Hashable, Sendable {
    public var isSelected: Bool
    public var isRelay: Bool
    /// An address and port, or a relay's URL.
    public var remote: String
    public var rttMs: UInt64
    public var lostPackets: UInt64
    public var sentBytes: UInt64
    public var receivedBytes: UInt64
}

/// A QUIC connection to another endpoint, whose key the transport has checked. Confined to its loop.
public final class IrohConnection {
    private let library: IrohLibrary
    private let loop: Loop
    private let object: IrohObject
    /// The other endpoint's key.
    public let remoteID: Bytes32
    public let alpn: [UInt8]

    init(_ library: IrohLibrary, _ loop: Loop, _ raw: UInt64) throws(IrohFailure) {
        self.library = library
        self.loop = loop
        let object = library.connection(raw)
        self.object = object
        let id = library.id(try library.call { library.api.connection_remote_id(object.passed(), $0) })
        let bytes = library.take(try library.call { library.api.id_bytes(id.passed(), $0) }, skipping: 4)
        guard let key = Bytes32(bytes) else { throw .broken("a remote id of \(bytes.count) bytes") }
        remoteID = key
        alpn = library.take(try library.call { library.api.connection_alpn(object.passed(), $0) }, skipping: 4)
    }

    /// Closes at once; bytes not yet delivered are lost. The other side sees code and reason.
    public func close(code: UInt32, reason: String) {
        let reason = Array(reason.utf8.prefix(128)).withUnsafeBytes { library.blob($0) }
        _ = try? library.call { library.api.connection_close(object.passed(), Int64(code), reason, $0) }
    }

    /// Calls once, when the connection has ended for whatever reason, with the reason in the transport's words.
    public func onClosed(_ handler: @escaping (String) -> Void) {
        IrohFuture(library, loop, .buffer, library.api.connection_closed(object.passed())) { result in
            switch result {
            case .success(.bytes(let text)): handler(String(decoding: text, as: UTF8.self))
            case .success: handler("closed")
            case .failure(let failure): handler(failure.description)
            }
        }
    }

    /// Why it has ended, in the transport's words; nil while it is open.
    public var closeReason: String? {
        guard let buffer = try? library.call({ library.api.connection_close_reason(object.passed(), $0) }) else {
            return nil
        }
        var reader = IrohReader(library.take(buffer))
        return reader.option { $0.string() } ?? nil
    }

    /// How many streams the other side may have open, and how many bytes may be under way from it.
    public func limit(uniStreams: UInt64, biStreams: UInt64, window: UInt64) {
        _ = try? library.call { library.api.connection_most_uni(object.passed(), uniStreams, $0) }
        _ = try? library.call { library.api.connection_most_bi(object.passed(), biStreams, $0) }
        _ = try? library.call { library.api.connection_window(object.passed(), window, $0) }
    }

    public var paths: [IrohPath] {
        guard let buffer = try? library.call({ library.api.connection_paths(object.passed(), $0) }) else { return [] }
        var reader = IrohReader(library.take(buffer))
        return reader.list { reader in
            guard reader.string() != nil, let selected = reader.flag(), let remote = reader.string(),
                reader.flag() != nil, let relay = reader.flag(), let rtt = reader.integer(UInt64.self)
            else { return nil }
            // rtt, sent datagrams and bytes, received datagrams and bytes, window, congestion, lost packets and bytes, MTU
            var counts: [UInt64] = []
            for _ in 0..<9 {
                guard let count = reader.integer(UInt64.self) else { return nil }
                counts.append(count)
            }
            guard reader.integer(UInt32.self) != nil else { return nil }
            return IrohPath(
                isSelected: selected, isRelay: relay, remote: remote, rttMs: rtt, lostPackets: counts[7],
                sentBytes: counts[2], receivedBytes: counts[4])
        } ?? []
    }

    public typealias Streams = (send: IrohSendStream, receive: IrohReceiveStream)

    public func openUni(_ completion: @escaping (Result<IrohSendStream, IrohFailure>) -> Void) {
        handle(library.api.connection_open_uni(object.passed()), completion) { library, loop, raw in
            IrohSendStream(library, loop, raw)
        }
    }

    public func acceptUni(_ completion: @escaping (Result<IrohReceiveStream, IrohFailure>) -> Void) {
        handle(library.api.connection_accept_uni(object.passed()), completion) { library, loop, raw in
            IrohReceiveStream(library, loop, raw)
        }
    }

    public func openBi(_ completion: @escaping (Result<Streams, IrohFailure>) -> Void) {
        pair(library.api.connection_open_bi(object.passed()), completion)
    }

    public func acceptBi(_ completion: @escaping (Result<Streams, IrohFailure>) -> Void) {
        pair(library.api.connection_accept_bi(object.passed()), completion)
    }

    private func pair(_ future: UInt64, _ completion: @escaping (Result<Streams, IrohFailure>) -> Void) {
        IrohFuture(library, loop, .handle, future) { [library, loop] result in
            completion(
                Result { () throws(IrohFailure) -> Streams in
                    guard case .handle(let raw) = try result.get() else { throw .broken("no stream") }
                    let both = library.biStream(raw)
                    let send = try library.call { library.api.bistream_send(both.passed(), $0) }
                    let receive = try library.call { library.api.bistream_receive(both.passed(), $0) }
                    return (IrohSendStream(library, loop, send), IrohReceiveStream(library, loop, receive))
                })
        }
    }

    private func handle<Stream>(
        _ future: UInt64, _ completion: @escaping (Result<Stream, IrohFailure>) -> Void,
        _ make: @escaping (IrohLibrary, Loop, UInt64) -> Stream
    ) {
        IrohFuture(library, loop, .handle, future) { [library, loop] result in
            completion(
                Result { () throws(IrohFailure) -> Stream in
                    guard case .handle(let raw) = try result.get() else { throw .broken("no stream") }
                    return make(library, loop, raw)
                })
        }
    }
}
