// rooms: Hashing Measurements
// doors: CSodium=sodium
// seeds: Tests/MeasurementsTests/Golden/*.signed Tests/MeasurementsTests/Golden/commit.v1 Tests/MeasurementsTests/Golden/ranges
import Measurements

/// Any bytes are a record in its one canonical form, or a named error.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    if let seal = try? Signed<Seal>(bytes) { precondition(seal.bytes == bytes) }
    if let open = try? Signed<RunOpen>(bytes) { precondition(open.bytes == bytes) }
    if let receipt = try? Signed<Receipt>(bytes) { precondition(receipt.bytes == bytes) }
    // The checksum keeps a fuzzer out: it is made right for whatever the bytes are.
    if let commit = try? Commit(Commit.checked(bytes)) {
        for segment in commit.segments { _ = try? segment.samples() }
    }
    var reader = ByteReader(bytes)
    if let ranges = try? Ranges.decode(from: &reader) {
        var writer = ByteWriter()
        ranges.encode(into: &writer)
        precondition(writer.bytes.elementsEqual(bytes.prefix(reader.offset)))
    }
    return 0
}
