import System

/// The sending half of a QUIC stream. Confined to its loop; one write at a time.
public final class IrohSendStream {
    private let library: IrohLibrary
    private let loop: Loop
    private let object: IrohObject

    init(_ library: IrohLibrary, _ loop: Loop, _ raw: UInt64) {
        self.library = library
        self.loop = loop
        object = library.sendStream(raw)
    }

    /// Ends when the transport has taken all bytes: its send window is the back-pressure.
    public func write(_ bytes: [UInt8], _ completion: @escaping (IrohFailure?) -> Void) {
        let buffer = bytes.withUnsafeBytes { library.blob($0) }
        IrohFuture(library, loop, .nothing, library.api.send_write_all(object.passed(), buffer)) {
            completion($0.failure)
        }
    }

    public func setPriority(_ priority: Int32) {
        IrohFuture(library, loop, .nothing, library.api.send_set_priority(object.passed(), priority)) { _ in }
    }

    public func finish(_ completion: @escaping (IrohFailure?) -> Void = { _ in }) {
        IrohFuture(library, loop, .nothing, library.api.send_finish(object.passed())) { completion($0.failure) }
    }

    public func reset(code: UInt64) {
        IrohFuture(library, loop, .nothing, library.api.send_reset(object.passed(), code)) { _ in }
    }
}

/// The receiving half of a QUIC stream. Confined to its loop; one read at a time.
public final class IrohReceiveStream {
    private let library: IrohLibrary
    private let loop: Loop
    private let object: IrohObject

    init(_ library: IrohLibrary, _ loop: Loop, _ raw: UInt64) {
        self.library = library
        self.loop = loop
        object = library.receiveStream(raw)
    }

    /// The next bytes, at most `limit`; none at the end of the stream. Not reading holds the sender back.
    @discardableResult
    public func read(limit: UInt32, _ completion: @escaping (Result<[UInt8], IrohFailure>) -> Void) -> IrohFuture {
        IrohFuture(library, loop, .blob, library.api.receive_read(object.passed(), limit)) { result in
            completion(result.map { if case .bytes(let bytes) = $0 { bytes } else { [] } })
        }
    }

    public func stop(code: UInt64) {
        IrohFuture(library, loop, .nothing, library.api.receive_stop(object.passed(), code)) { _ in }
    }
}

extension Result {
    var failure: Failure? {
        if case .failure(let failure) = self { return failure }
        return nil
    }
}
