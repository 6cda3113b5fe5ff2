import System

/// A connection somebody begins; nothing was spent on it yet. One of its ends must be chosen.
final class IrohIncoming {
    private let library: IrohLibrary
    private let loop: Loop
    private let object: IrohObject

    init(_ library: IrohLibrary, _ loop: Loop, _ raw: UInt64) {
        self.library = library
        self.loop = loop
        object = library.incoming(raw)
    }

    /// Where its packets come from: an address with port, or nil through a relay.
    func remote(_ completion: @escaping (String?) -> Void) {
        IrohFuture(library, loop, .buffer, library.api.incoming_address(object.passed())) { result in
            guard case .success(.bytes(let bytes)) = result else { return completion(nil) }
            var reader = IrohReader(bytes)
            completion(reader.integer(Int32.self) == 1 ? reader.string() : nil)
        }
    }

    /// Whether the sender has shown that it receives at that address.
    func isValidated(_ completion: @escaping (Bool) -> Void) {
        IrohFuture(library, loop, .flag, library.api.incoming_validated(object.passed())) { result in
            if case .success(.flag(let validated)) = result { completion(validated) } else { completion(false) }
        }
    }

    /// Does the handshake. The attempt can be cancelled by closing what comes of it, or ends with the transport's time-out.
    func accept(_ completion: @escaping (Result<IrohConnection, IrohFailure>) -> Void) {
        IrohFuture(library, loop, .handle, library.api.incoming_accept(object.passed())) { [library, loop] result in
            guard case .success(.handle(let raw)) = result else {
                return completion(.failure(result.failure ?? .broken("no handshake")))
            }
            let accepting = library.accepting(raw)
            IrohFuture(library, loop, .handle, library.api.accepting_connect(accepting.passed())) { result in
                completion(IrohEndpoint.connection(library, loop, result))
            }
        }
    }

    /// Drops it without a word.
    func ignore() { end(library.api.incoming_ignore(object.passed())) }

    /// Says no.
    func refuse() { end(library.api.incoming_refuse(object.passed())) }

    /// Asks for a proof that the address is not forged.
    func retry() { end(library.api.incoming_retry(object.passed())) }

    private func end(_ future: UInt64) { IrohFuture(library, loop, .nothing, future) { _ in } }
}
