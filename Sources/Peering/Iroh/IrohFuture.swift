import CIroh
import System

/// A call of the library that ends later, on the loop that made it. It ends exactly once, a cancelled one with
/// `.cancelled`; one that is still running when its loop stops never ends.
public final class IrohFuture: @unchecked Sendable {  // because only `post` is called off the loop
    /// How the result comes.
    enum Kind { case handle, flag, buffer, blob, nothing }

    enum Value {
        case handle(UInt64)
        case flag(Bool)
        case bytes([UInt8])
        case nothing
    }

    typealias Completion = (Result<Value, IrohFailure>) -> Void

    private let library: IrohLibrary
    private let loop: Loop
    private let raw: UInt64
    private let kind: Kind
    private var completion: Completion?
    private var isCancelled = false

    /// Starts at once. `raw` is what the call returned.
    @discardableResult
    init(_ library: IrohLibrary, _ loop: Loop, _ kind: Kind, _ raw: UInt64, _ completion: @escaping Completion) {
        self.library = library
        self.loop = loop
        self.kind = kind
        self.raw = raw
        self.completion = completion
        poll()
    }

    public func cancel() {
        guard completion != nil, !isCancelled else { return }
        isCancelled = true
        let cancel =
            switch kind {
            case .handle: library.api.cancel_u64
            case .flag: library.api.cancel_i8
            case .buffer, .blob: library.api.cancel_rust_buffer
            case .nothing: library.api.cancel_void
            }
        cancel?(raw)
    }

    private func poll() {
        // Kept alive by the library until its callback, which comes exactly once for each poll.
        let argument = UInt64(UInt(bitPattern: Unmanaged.passRetained(self).toOpaque()))
        let poll =
            switch kind {
            case .handle: library.api.poll_u64
            case .flag: library.api.poll_i8
            case .buffer, .blob: library.api.poll_rust_buffer
            case .nothing: library.api.poll_void
            }
        poll?(
            raw,
            { argument, ready in
                // Perhaps on a thread of the library that holds the future's lock: nothing but a post is allowed here.
                guard let pointer = UnsafeRawPointer(bitPattern: UInt(argument)) else { return }
                let future = Unmanaged<IrohFuture>.fromOpaque(pointer).takeRetainedValue()
                let isTaken = future.loop.post { future.woken(ready: ready == 0) }
                // The loop has stopped: what the future holds must not be given back to the library from in here.
                if !isTaken { _ = Unmanaged.passRetained(future) }
            }, argument)
    }

    private func woken(ready: Bool) {
        guard ready else { return poll() }
        guard let completion else { return }
        self.completion = nil
        completion(finish())
    }

    private func finish() -> Result<Value, IrohFailure> {
        var status = bothy_iroh_status()
        let value: Value
        switch kind {
        case .handle:
            value = .handle(library.api.complete_u64(raw, &status))
            library.api.free_u64(raw)
        case .flag:
            value = .flag(library.api.complete_i8(raw, &status) != 0)
            library.api.free_i8(raw)
        case .buffer, .blob:
            let buffer = library.api.complete_rust_buffer(raw, &status)
            // A list of bytes has its length in front.
            value = .bytes(library.take(buffer, skipping: kind == .blob ? 4 : 0))
            library.api.free_rust_buffer(raw)
        case .nothing:
            library.api.complete_void(raw, &status)
            value = .nothing
            library.api.free_void(raw)
        }
        if let failure = library.failure(of: status) { return .failure(failure) }
        return .success(value)
    }
}
