// Any bytes as a frame of any shipped kind: values within what was declared, or a named refusal.
// rooms: Hashing Notation Measurements Decoders
// doors: CSodium=sodium CYAML=yaml CAES=crypto
import Decoders
import Glibc
import Measurements

/// The shipped files, read from the checkout this driver was built in.
private let library: DecoderLibrary = {
    let folder = String(#filePath.dropLast("Tests/Fuzz/Frames.swift".count)) + "Config/decoders/"
    var files: [(name: String, bytes: [UInt8])] = []
    guard let stream = opendir(folder) else { return DecoderLibrary() }
    while let entry = readdir(stream) {
        let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        guard name.hasSuffix(".json"), let file = fopen(folder + name, "r") else { continue }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = fread(&bytes, 1, bytes.count, file)
        fclose(file)
        files.append((name, Array(bytes.prefix(count))))
    }
    return DecoderLibrary(files.sorted { $0.name < $1.name })
}()

private let contexts: [FrameContext] = library.descriptions.flatMap { $0.vectors.map(\.context) }

@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ data: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    guard count > 2, !contexts.isEmpty else { return 0 }
    let context = contexts[(Int(data[0]) << 8 | Int(data[1])) % contexts.count]
    let frame = UnsafeRawBufferPointer(start: data + 2, count: count - 2)
    var readings = Readings()
    switch library.decode(frame, context, into: &readings) {
    case .unknown, .refused: precondition(readings.entries.isEmpty, "a refused frame left values")
    case .decoded(let decoder, _, _):
        let attributes = library.descriptions[decoder].attributes
        for entry in readings.entries {
            let attribute = attributes[Int(entry.attribute)]
            if case .double(let value) = entry.value { precondition(value.isFinite) }
            if case .integer(let mantissa) = entry.value, case .integer(let scale) = attribute.kind,
                let range = attribute.range
            {
                let value = Decimal(mantissa: mantissa, exponent: Int(scale)).double
                precondition(value >= range.lowerBound - 1e-9 && value <= range.upperBound + 1e-9, "outside its range")
            }
        }
    }
    return 0
}
