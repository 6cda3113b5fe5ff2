import CWebSockets

/// One request and its answer, or one live stream, on the service thread. What is to be written waits in `outgoing`, which
/// its maker keeps short: a source is asked for more only when it is empty.
final class Exchange {
    /// What goes in one call to the library, and what a source's piece may be.
    static let greatestPiece = 48 * 1024
    /// An answer of which the reader takes nothing for so long is given up.
    static let patience: Int64 = 30_000_000_000

    let id: UInt64
    var request: Request
    var route: Route?
    /// Nil once the connection or the exchange is over.
    private(set) var connection: OpaquePointer?
    /// Boot time at which the sweep ends it; 0 never.
    var deadline: Int64 = 0
    /// Called when everything given has left and the answer is not complete.
    var drained: (() -> Void)?
    /// A live stream that writes in its own way when the connection takes more.
    var subscriber: Subscriber?
    /// Where a subscriber wants to begin.
    var after: LiveCursor?
    private var outgoing: [UInt8] = []
    private var written = 0
    private var complete = false
    private var answered = false
    private var chunked = false
    /// In one of the library's callbacks for this connection, so that writing is allowed.
    private var mayWrite = false

    init(id: UInt64, connection: OpaquePointer, request: Request) {
        self.id = id
        self.connection = connection
        self.request = request
    }

    var isAnswered: Bool { answered }

    /// Runs `work` where the library lets this exchange be written to.
    func inCallback(_ work: () -> Void) {
        mayWrite = true
        work()
        flush()
        mayWrite = false
    }

    /// The whole answer.
    func answer(_ response: Response, stays: Bool = true) {
        guard !answered else { return }
        answered = true
        complete = true
        self.stays = stays
        outgoing = ResponseWriter.head(response, length: response.body.count, stays: stays)
        if request.method != .head, response.status != 304 { outgoing.append(contentsOf: response.body) }
        wantWrite()
    }

    /// The head of an answer whose body follows in pieces.
    func begin(_ response: Response) {
        guard !answered else { return }
        answered = true
        chunked = true
        outgoing = ResponseWriter.head(response, length: nil, stays: true)
        wantWrite()
    }

    func append(_ piece: [UInt8]) {
        guard !piece.isEmpty else { return }
        outgoing.append(contentsOf: chunked ? ResponseWriter.chunk(piece) : piece)
        wantWrite()
    }

    func finish() {
        if chunked { outgoing.append(contentsOf: ResponseWriter.lastChunk) }
        complete = true
        wantWrite()
    }

    func wantWrite() {
        guard let connection else { return }
        if !mayWrite { bothy_web_want_write(connection) }
    }

    func kill() { if let connection { bothy_web_kill(connection) } }

    /// Bytes in the socket that the other end has not yet taken.
    var unsent: Int { connection.map { Int(bothy_web_unsent($0)) } ?? 0 }

    func send(_ message: [UInt8], binary: Bool) {
        guard let connection else { return }
        _ = message.withUnsafeBufferPointer { bothy_web_send(connection, $0.baseAddress, $0.count, binary ? 1 : 0) }
    }

    func close(code: Int32, reason: String) {
        if let connection { bothy_web_close(connection, code, reason) }
    }

    func over() {
        connection = nil
        drained = nil
        subscriber = nil
    }

    private var stays = true
    var isDrained: Bool { written == outgoing.count }

    private func flush() {
        guard let connection, answered else { return }
        if written < outgoing.count {
            let count = min(Exchange.greatestPiece, outgoing.count - written)
            let status = outgoing.withUnsafeBufferPointer {
                bothy_web_write(connection, $0.baseAddress! + written, count)
            }
            guard status == 0 else { return }
            written += count
            if deadline != 0 { deadline = Service.now + Exchange.patience }
        }
        if written < outgoing.count { return bothy_web_want_write(connection) }
        outgoing.removeAll(keepingCapacity: true)
        written = 0
        if complete { return bothy_web_finish(connection, stays ? 1 : 0) }
        drained?()
        // What `drained` gave at once goes with the next turn: one write a callback is what the library wants.
        if !outgoing.isEmpty { bothy_web_want_write(connection) }
    }
}
