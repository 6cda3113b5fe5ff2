import Automerge
import Foundation
import Testing

/// The Rust core, through Python: the newer one, or the older one that Tests/peers/setup puts beside it.
final class Peer {
    enum Version: String, CaseIterable, CustomTestStringConvertible {
        case newer, older
        var testDescription: String { rawValue }

        /// Both, but on a Python for which nobody ever built the older one: setup leaves a note there.
        static var available: [Version] {
            FileManager.default.fileExists(atPath: olderFolder.appendingPathComponent("no-wheel").path)
                ? [.newer] : allCases
        }
    }

    private static var top: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
    }

    private static var olderFolder: URL {
        let python = ProcessInfo.processInfo.environment["BOTHY_TEST_PYTHON"].map {
            URL(fileURLWithPath: $0).deletingLastPathComponent().deletingLastPathComponent()
        }
        return (python ?? top.appendingPathComponent(".build/peers")).appendingPathComponent("automerge-1.0")
    }

    private let version: Version
    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()
    private var buffer = Data()

    init(_ version: Version) throws {
        self.version = version
        let top = Peer.top
        process.executableURL = top.appendingPathComponent("Tests/peers/python")
        process.arguments = [top.appendingPathComponent("Tests/peers/automerge_peer.py").path]
        var environment = ProcessInfo.processInfo.environment
        if version == .older {
            environment["PYTHONPATH"] = Peer.olderFolder.path
        }
        process.environment = environment
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        _ = try ask(["op": "new", "doc": "start", "actor": Data([1]).base64EncodedString()])
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    @discardableResult
    func ask(_ command: [String: Any]) throws -> [String: Any] {
        var line = try JSONSerialization.data(withJSONObject: command)
        line.append(10)
        try? input.fileHandleForWriting.write(contentsOf: line)
        while buffer.firstIndex(of: 10) == nil {
            let more = output.fileHandleForReading.availableData
            try #require(!more.isEmpty, "the Automerge peer did not answer: run Tests/peers/setup")
            buffer.append(more)
        }
        let end = try #require(buffer.firstIndex(of: 10))
        let answer = try JSONSerialization.jsonObject(with: buffer[buffer.startIndex..<end]) as? [String: Any]
        buffer = Data(buffer[(end + 1)...])
        let result = try #require(answer)
        if let error = result["error"] as? String {
            Issue.record("the peer says: \(error)")
            throw AutomergeError(.protocolViolation, error)
        }
        return result
    }

    func new(_ name: String, actor: ActorID) throws {
        try ask(["op": "new", "doc": name, "actor": Data(actor.bytes).base64EncodedString()])
    }

    func load(_ name: String, _ bytes: [UInt8], actor: ActorID? = nil) throws {
        var command = ["op": "load", "doc": name, "data": Data(bytes).base64EncodedString()]
        if let actor { command["actor"] = Data(actor.bytes).base64EncodedString() }
        try ask(command)
    }

    func save(_ name: String) throws -> [UInt8] { try bytes(ask(["op": "save", "doc": name]), "data") ?? [] }

    func bytes(_ answer: [String: Any], _ key: String) throws -> [UInt8]? {
        guard let text = answer[key] as? String else { return nil }
        return Array(try #require(Data(base64Encoded: text)))
    }

    func heads(_ name: String) throws -> [String] { try ask(["op": "heads", "doc": name])["heads"] as? [String] ?? [] }

    /// The older core reads overlapping marks of one name otherwise than the newer one and we do.
    var readsMarks: Bool { version == .newer }

    func content(_ name: String) throws -> NSObject {
        try #require(try ask(["op": "content", "doc": name, "marks": readsMarks])["content"] as? NSObject)
    }
}

extension Document {
    var headTexts: [String] { heads.map { hexText($0.bytes) } }

    /// The content in the form in which the peer tells its own.
    func content(_ object: ObjectID = .root, marks: Bool = true) throws -> [Any] {
        switch try kind(of: object) {
        case .map, .table:
            let keys = try keys(of: object)
            return ["map", try keys.map { [$0, try form(try #require(try value(in: object, at: $0)), marks)] }]
        case .list: return ["list", try values(of: object).map { try form($0, marks) }]
        case .text where !marks: return ["text", try text(of: object)]
        case .text:
            let marks = try self.marks(of: object).map {
                [$0.range.lowerBound, $0.range.upperBound, $0.name, form($0.value)] as [Any]
            }
            // Python sorts by start, end, name.
            let sorted = marks.sorted {
                ($0[0] as! Int, $0[1] as! Int, $0[2] as! String) < ($1[0] as! Int, $1[1] as! Int, $1[2] as! String)
            }
            return ["text", try text(of: object), sorted]
        }
    }

    private func form(_ value: Value, _ marks: Bool) throws -> [Any] {
        switch value {
        case .object(_, let id): try content(id, marks: marks)
        case .scalar(let scalar): form(scalar)
        }
    }

    private func form(_ scalar: ScalarValue) -> [Any] {
        switch scalar {
        case .null: ["null", NSNull()]
        case .boolean(let flag): ["boolean", flag]
        case .uint(let number): ["uint", "\(number)"]
        case .int(let number): ["int", "\(number)"]
        case .double(let number): ["f64", hexText(withUnsafeBytes(of: number.bitPattern.bigEndian) { Array($0) })]
        case .string(let text): ["str", text]
        case .bytes(let bytes): ["bytes", hexText(bytes)]
        case .counter(let number): ["counter", "\(number)"]
        case .timestamp(let time): ["timestamp", "\(time)"]
        case .unknown(let type, let bytes): ["unknown", "\(type) \(hexText(bytes))"]
        }
    }
}

/// Where two contents differ first, for people.
func difference(_ left: Any, _ right: Any, _ path: String = "") -> String? {
    if let left = left as? [Any], let right = right as? [Any] {
        for index in 0..<max(left.count, right.count) {
            guard index < left.count, index < right.count else {
                return "\(path)/\(index): \(left.dropFirst(index)) and \(right.dropFirst(index))"
            }
            if let found = difference(left[index], right[index], "\(path)/\(index)") { return found }
        }
        return nil
    }
    return (left as! NSObject).isEqual(right) ? nil : "\(path): \(left) and \(right)"
}

func expectEqual(_ left: Any, _ right: Any, _ comment: Comment, at location: SourceLocation = #_sourceLocation) {
    if let found = difference(left, right) { Issue.record("\(comment): \(found)", sourceLocation: location) }
}
