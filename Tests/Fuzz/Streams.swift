// Bytes from a serial port, whatever the protocol: any bytes in pieces of any size give readings or counted faults.
// rooms: Hashing Notation Measurements Decoders
// doors: CSodium=sodium CYAML=yaml CAES=crypto
// seeds: Tests/samples/*
import Decoders
import Measurements

private let board = Array(
    """
    {"decoder": "board", "version": 1, "attributes": [{"name": "t", "scale": -2}, {"name": "v", "components": ["x", "y"]}],
     "serial": {"lines": {"form": "json", "bind": {"t": "env.t", "v": ["v.0", "v.1"]}}}}
    """.utf8)
private let pairs = Array(
    """
    {"decoder": "pairs", "version": 1, "attributes": [{"name": "t", "scale": -2}],
     "serial": {"lines": {"form": "pattern", "pattern": "(T|temp)[=: ]+(?<t>-?[0-9]+([.][0-9]*)?) ?C?", "bind": {"t": "t"}}}}
    """.utf8)
private let dust = Array(
    """
    {"decoder": "dust", "version": 1, "attributes": [{"name": "pm", "scale": -1}],
     "serial": {"framing": {"kind": "sync", "start": "42", "length": {"at": 1, "type": "u16be", "plus": 4},
       "checksum": {"algorithm": "sum8", "at": -1}}},
     "frames": [{"fields": [{"attribute": "pm", "type": "u16le", "repeat": "rest"}]}]}
    """.utf8)

private let library = DecoderLibrary([("board.json", board), ("pairs.json", pairs), ("dust.json", dust)])

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 1 else { return 0 }
    let bytes = UnsafeRawBufferPointer(start: data + 1, count: count - 1)
    var kinds: [SerialProtocol] = [.nmea([]), .dsmr(takesUnchecked: true), .sml]
    kinds += library.descriptions.map { .described($0) }
    var decoder = StreamDecoder(kinds[Int(data[0]) % kinds.count])
    var readings = Readings()
    let piece = 1 + Int(data[0] / 8)
    var at = 0
    while at < bytes.count {
        let end = min(bytes.count, at + piece)
        decoder.feed(UnsafeRawBufferPointer(rebasing: bytes[at..<end]), at: 1, into: &readings)
        at = end
    }
    decoder.silence()
    precondition(decoder.pending == 0, "something is held after silence")
    precondition(readings.entries.allSatisfy { Int($0.attribute) < decoder.attributes.count }, "an unknown attribute")
    return 0
}
