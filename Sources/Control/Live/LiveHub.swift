/// Live streams and who sees them.
final class LiveHub {
    let most: Int
    init(most: Int) { self.most = most }
    var nextFlush: Int64 { .max }
    func flush(now: Int64, service: Service) {}
    func sweep(now: Int64, service: Service) {}
    func remove(_ subscriber: Subscriber) {}
    func writable(_ subscriber: Subscriber, service: Service) {}
}

final class Subscriber {}

extension Service {
    func subscribe(_ exchange: Exchange) { answer(exchange, Response(Problem.unavailable)) }
    func upgrade(_ connection: OpaquePointer) -> Exchange? { nil }
    func opened(_ exchange: Exchange) {}
    func message(_ exchange: Exchange, _ bytes: UnsafeBufferPointer<UInt8>, last: Bool, binary: Bool) {}
}
