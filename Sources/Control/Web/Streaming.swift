import System

// Long answers: the reading loop makes a piece, the service thread sends it, and asks for the next when it has left.
extension Service {
    func stream(
        _ exchange: Exchange,
        _ handler: @escaping @Sendable (Request, any Backend) throws(Problem) -> (Response, any ByteSource)
    ) {
        let (id, request, backend) = (exchange.id, exchange.request, backend)
        let (mailbox, reading) = (mailbox, reading)
        guard mayWait(exchange) else { return }
        let posted = backend.loop.post {
            do throws(Problem) {
                let (response, source) = try handler(request, backend)
                let feed = Feed(source: source, reading: reading, mailbox: mailbox, exchange: id)
                mailbox.post { service in
                    service.waiting -= 1
                    service.begin(id, response, feed)
                }
            } catch {
                let response = Response(error)
                mailbox.post { service in
                    service.waiting -= 1
                    if let exchange = service.exchanges[id] { service.answer(exchange, response) }
                }
            }
        }
        if !posted { unposted(exchange) }
    }

    private func begin(_ id: UInt64, _ response: Response, _ feed: Feed) {
        guard let exchange = exchanges[id] else { return feed.end() }
        counters.answers[response.status, default: 0] += 1
        var response = response
        if exchange.request.acceptsGzip {
            feed.gzip = Gzip()
            response.headers.append(("Content-Encoding", "gzip"))
            response.headers.append(("Vary", "Accept-Encoding"))
        }
        exchange.deadline = Service.now + Exchange.patience
        exchange.begin(response)
        if exchange.request.method == .head {
            feed.end()
            return exchange.finish()
        }
        exchange.drained = { feed.ask() }
    }

    fileprivate func deliver(_ id: UInt64, _ piece: [UInt8]?, _ feed: Feed) {
        guard let exchange = exchanges[id] else { return feed.end() }
        feed.asking = false
        // The gateway's time to think is not the reader's slowness.
        exchange.deadline = Service.now + Exchange.patience
        if let piece {
            let bytes = feed.gzip?.add(piece) ?? piece
            // The compressor may keep a piece to itself for now.
            if bytes.isEmpty { feed.ask() } else { exchange.append(bytes) }
        } else {
            if let gzip = feed.gzip { exchange.append(gzip.add([], last: true)) }
            exchange.drained = nil
            exchange.finish()
        }
    }
}

/// The way between a source on the reading loop and an exchange on the service thread.
private final class Feed: @unchecked Sendable {  // because `source` lives on one loop, the rest on the service thread
    private var source: (any ByteSource)?
    private let reading: Loop
    private let mailbox: Service.Mailbox
    private let exchange: UInt64
    var gzip: Gzip?
    var asking = false

    init(source: any ByteSource, reading: Loop, mailbox: Service.Mailbox, exchange: UInt64) {
        self.source = source
        self.reading = reading
        self.mailbox = mailbox
        self.exchange = exchange
    }

    /// Has the next piece made. On the service thread.
    func ask() {
        guard !asking else { return }
        asking = true
        let posted = reading.post { [self] in
            let piece = source?.next()
            mailbox.post { $0.deliver(self.exchange, piece, self) }
        }
        if !posted { mailbox.post { $0.deliver(self.exchange, nil, self) } }
    }

    /// Lets go of the source, where it lives.
    func end() { reading.post { [self] in source = nil } }
}
