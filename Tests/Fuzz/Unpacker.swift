// rooms: Hashing Measurements
// doors: CSodium=sodium
// seeds: Tests/MeasurementsTests/Golden/*.packed
import Measurements

/// Any bytes are samples or a named error; samples pack and unpack again to themselves.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let samples = try? Packing.unpack(bytes) else { return 0 }
    precondition(samples.count <= Block.mostSamples)
    guard let again = try? Packing.unpack(Packing.pack(samples)), again == samples else {
        preconditionFailure("samples do not come back")
    }
    return 0
}
