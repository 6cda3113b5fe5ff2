import Foundation

/// A folder that goes when the test is over.
final class TemporaryFolder {
    let path: String

    /// In memory where what is tested is not the disk: syncs cost nothing there.
    init(inMemory: Bool = false) throws {
        let base =
            inMemory && FileManager.default.isWritableFile(atPath: "/dev/shm") ? "/dev/shm/" : NSTemporaryDirectory()
        path = base + "bothy-store-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
}

/// The same numbers for the same seed, which is taken from BOTHY_SEED or drawn, and printed with what fails.
struct Seeded: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    init(_ seed: UInt64? = nil) {
        let given = ProcessInfo.processInfo.environment["BOTHY_SEED"].flatMap { UInt64($0) }
        self.seed = seed ?? given ?? UInt64.random(in: 1...UInt64(UInt32.max))
        state = self.seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}

enum Bytes {
    static func read(_ path: String) throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: path))) }
    static func write(_ bytes: [UInt8], _ path: String) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
}

extension TemporaryFolder {
    /// What each file in it takes.
    func sizes() throws -> [String: Int] {
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        return Dictionary(
            uniqueKeysWithValues: try names.map { name in
                (name, try FileManager.default.attributesOfItem(atPath: file(name))[.size] as? Int ?? 0)
            })
    }

    func bytes() throws -> Int { try sizes().values.reduce(0, +) }
}
