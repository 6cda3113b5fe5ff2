// rooms: Hashing Gossip
// doors: CSodium=sodium

import Gossip
import Hashing

/// A message that reads writes itself again and reads the same; a topic that is told anything stays within its bounds.
@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    if let message = try? Message(decoding: bytes) {
        precondition((try? Message(decoding: message.encoded())) == message)
    }
    if let addresses = try? PeerAddresses(decoding: bytes) {
        precondition((try? PeerAddresses(decoding: addresses.encoded())) == addresses)
    }
    var topic = Topic(me: .zero, seed: 1) { _ in .pass }
    var frames = Frames()
    frames.append(bytes)
    var now: Int64 = 0
    while let frame = try? frames.next() {
        guard let message = try? Message(decoding: frame) else { continue }
        now += 10_000_000
        let peer = Bytes32 { $0[0] = 1 + (frame.last ?? 0) % 8 }
        _ = topic.handle(.received(peer, message), now: now)
        _ = topic.handle(.tick, now: now)
        precondition(topic.neighbours.count <= 5 && topic.others.count <= 30)
    }
    return 0
}
