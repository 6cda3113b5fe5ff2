import CFaultyDisk
import Foundation

/// The disks that a power cut could have left behind of what was written through the faulty layer.
///
/// At a moment before some sync, everything synced before is there. Of what was not synced anything may be there: nothing,
/// everything, the first part, or any of it; and any write may be torn at a sector.
final class FaultyDisk {
    struct Image {
        var what: String
        /// Contents of the database and its log.
        var files: [[UInt8]]
    }

    struct Operation {
        var kind: Int32
        var file: Int
        var offset: Int
        var bytes: [UInt8]
    }

    static let layer = "faulty"
    private(set) var durable: [[UInt8]]
    private var unsynced: [Operation] = []

    static func register() {
        precondition(faulty_register(strdup(layer), "unix-excl") == 0)
    }

    /// `files` is what is durable where the writing down begins.
    init(files: [[UInt8]]) { durable = files }

    static func operation(_ index: Int64) -> Operation {
        let found = faulty_at(index)
        let bytes = found.bytes.map { Array(UnsafeRawBufferPointer(start: $0, count: Int(found.length))) } ?? []
        return Operation(kind: found.kind, file: Int(found.file), offset: Int(found.offset), bytes: bytes)
    }

    /// Goes on by one operation.
    func take(_ operation: Operation) {
        if operation.kind == FAULTY_SYNC {
            for one in unsynced where one.file == operation.file { FaultyDisk.apply(one, to: &durable) }
            unsynced.removeAll { $0.file == operation.file }
        } else {
            unsynced.append(operation)
        }
    }

    /// What may be found if the power goes now.
    func images(_ random: inout Seeded, subsets: Int = 8) -> [Image] {
        var images = [image("nothing", []), image("everything", unsynced)]
        guard !unsynced.isEmpty else { return images }
        let cut = Int.random(in: 0..<unsynced.count, using: &random)
        let before = Array(unsynced[..<cut])
        images.append(image("the first \(cut)", before))
        for sector in [512, 4096] {
            let torn = FaultyDisk.tear(unsynced[cut], sector, &random)
            images.append(image("write \(cut) torn at \(sector) after the others", before + [torn]))
            let last = FaultyDisk.tear(unsynced[unsynced.count - 1], sector, &random)
            images.append(image("the last torn at \(sector)", Array(unsynced.dropLast()) + [last]))
        }
        for _ in 0..<subsets {
            let kept = unsynced.filter { _ in Bool.random(using: &random) }
            images.append(image("\(kept.count) of \(unsynced.count)", kept))
        }
        return images
    }

    /// Some of a write's sectors: only the first ones, or only others.
    private static func tear(_ operation: Operation, _ sector: Int, _ random: inout Seeded) -> Operation {
        guard operation.bytes.count > sector else { return operation }
        var torn = operation
        let edge = sector - operation.offset % sector
        let cuts = Array(stride(from: edge, to: operation.bytes.count, by: sector))
        guard let cut = cuts.randomElement(using: &random) else { return operation }
        if Bool.random(using: &random) {
            torn.bytes = Array(operation.bytes[..<cut])
        } else {
            torn.bytes = Array(operation.bytes[cut...])
            torn.offset += cut
        }
        return torn
    }

    private func image(_ what: String, _ operations: [Operation]) -> Image {
        var files = durable
        for operation in operations { FaultyDisk.apply(operation, to: &files) }
        return Image(what: what, files: files)
    }

    private static func apply(_ operation: Operation, to files: inout [[UInt8]]) {
        if operation.kind == FAULTY_TRUNCATE {
            let size = operation.offset
            if files[operation.file].count > size {
                files[operation.file].removeLast(files[operation.file].count - size)
            }
            return
        }
        let end = operation.offset + operation.bytes.count
        if files[operation.file].count < end {
            files[operation.file] += [UInt8](repeating: 0, count: end - files[operation.file].count)
        }
        operation.bytes.withUnsafeBytes { from in
            files[operation.file].withUnsafeMutableBytes { to in
                to.baseAddress!.advanced(by: operation.offset).copyMemory(
                    from: from.baseAddress!, byteCount: from.count)
            }
        }
    }
}
