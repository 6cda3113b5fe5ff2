// rooms: Hashing Notation Membership
// doors: CSodium=sodium CYAML=yaml

import Hashing
import Membership

/// What reads is spelled in one way only; tickets in any spelling read or say why not.
@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: data, count: count))
    if let record = try? ControlRecord(bytes) { precondition(record.bytes == bytes) }
    if let envelope = try? Envelope(bytes) { precondition(envelope.bytes == bytes) }
    if let create = try? CreateRecord(bytes) { precondition(create.bytes == bytes) }
    let text = String(decoding: bytes, as: UTF8.self)
    if let ticket = try? Ticket("BOTHY:" + text) { precondition((try? Ticket(ticket.text)) == ticket) }
    _ = try? SensoctoTicket("sensocto://room?ticket=" + text)
    return 0
}
