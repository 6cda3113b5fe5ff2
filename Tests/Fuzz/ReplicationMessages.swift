// rooms: Hashing Measurements Replication
// doors: CSodium=sodium

import Hashing
import Measurements
import Replication

/// A message that reads is spelled in one way only; a replicator that is told anything neither stops nor grows.
@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    if let message = try? Message.read(bytes) { precondition(message.bytes == bytes) }
    let policy = Policy(
        offers: { _, _ in true }, takes: { _, _ in true }, isHub: { _ in true }, verify: { _, _, _ in true })
    let feed = FeedID(high: 1, low: 1)
    var replicator = Replicator(
        me: .zero, feed: feed, store: feed, policy: policy, reading: RunReading { _, _, _ in true })
    let peer = Bytes32 { $0[0] = 1 }
    _ = replicator.handle(.connected(peer), now: 0)
    var (rest, now) = (bytes[...], Int64(0))
    // Messages one after the other, each with its length in two bytes.
    while rest.count > 2 {
        let length = Int(rest[rest.startIndex]) | Int(rest[rest.startIndex + 1]) << 8
        let message = Array(rest.dropFirst(2).prefix(length))
        rest = rest.dropFirst(2 + length)
        now += 50_000_000
        for directive in replicator.handle(.received(peer, message), now: now) {
            switch directive {
            case .storeEntries(let token, _, _, _, _), .storeAttachments(let token, _, _, _, _):
                _ = replicator.handle(.stored(token), now: now)
            case .open(let token, _, _, _): _ = replicator.handle(.opened(token, nil), now: now)
            default: break
            }
        }
        _ = replicator.handle(.tick, now: now)
    }
    return 0
}
