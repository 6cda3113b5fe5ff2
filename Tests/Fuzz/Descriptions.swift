// A description file that nobody meant well: it is refused with a place, or it runs over any frame and ends.
// rooms: Hashing Notation Measurements Decoders
// doors: CSodium=sodium CYAML=yaml CAES=crypto
// seeds: Config/decoders/*.json
import Decoders
import Measurements

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let library = DecoderLibrary([("fuzz.json", Array(UnsafeBufferPointer(start: data, count: count)))])
    guard let description = library.descriptions.first else {
        precondition(!library.errors.isEmpty, "neither a description nor an error")
        return 0
    }
    _ = library.test()
    let frame = UnsafeRawBufferPointer(start: data, count: min(count, 512))
    for vector in description.vectors.prefix(8) {
        var readings = Readings()
        _ = description.decode(frame, vector.context, into: &readings)
        _ = library.explain(vector.bytes, vector.context)
        precondition(readings.entries.allSatisfy { Int($0.attribute) < description.attributes.count })
    }
    return 0
}
