import Automerge
import Foundation
import Hashing
import Testing

/// Small, fast and the same everywhere; seeded from BOTHY_SEED or drawn, and said when a test fails.
struct Seeded: RandomNumberGenerator {
    let seed: UInt64
    private var state: UInt64

    init(salt: UInt64 = 0) {
        seed = ProcessInfo.processInfo.environment["BOTHY_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 1 ... .max)
        state = seed &+ salt
    }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(bound, 1))) }
}

func actor(_ number: UInt8) -> ActorID { ActorID([UInt8](repeating: number, count: 16)) }

func hex(_ text: String) -> [UInt8] {
    let digits = text.filter { !$0.isWhitespace }
    return stride(from: 0, to: digits.count, by: 2).map { at in
        let start = digits.index(digits.startIndex, offsetBy: at)
        return UInt8(digits[start..<digits.index(start, offsetBy: 2)], radix: 16)!
    }
}

func hexText(_ bytes: [UInt8]) -> String {
    bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
}

extension Document {
    /// Everything that can be seen, conflicts too, as one text: equal for equal documents.
    func dump(_ object: ObjectID = .root) -> String {
        guard let kind = try? kind(of: object) else { return "?" }
        switch kind {
        case .map, .table:
            let keys = (try? self.keys(of: object)) ?? []
            return "{" + keys.map { "\($0): \(dump(object, .name($0)))" }.joined(separator: ", ") + "}"
        case .list, .text:
            let count = (try? self.count(of: object)) ?? 0
            let items = (0..<count).map { dump(object, .index($0)) }.joined(separator: ", ")
            let marks = ((try? self.marks(of: object)) ?? []).map { "\($0.range) \($0.name)=\($0.value)" }
            return "\(kind)[\(items)]\(marks.isEmpty ? "" : "\(marks)")"
        }
    }

    private func dump(_ object: ObjectID, _ key: Key) -> String {
        let all = (try? conflicts(in: object, at: key)) ?? []
        return all.map { "\($0.id)=" + dump($0.value) }.joined(separator: "|")
    }

    private func dump(_ value: Value) -> String {
        switch value {
        case .scalar(let scalar): "\(scalar)"
        case .object(_, let id): dump(id)
        }
    }
}
