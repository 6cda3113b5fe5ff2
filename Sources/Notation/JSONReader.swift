/// What is wrong with a text, and where (both from 1).
public struct NotationError: Error, Hashable, Sendable, CustomStringConvertible {
    public var line: Int
    public var column: Int
    public var problem: String

    public init(line: Int, column: Int, problem: String) {
        self.line = line
        self.column = column
        self.problem = problem
    }

    public var description: String { "line \(line), column \(column): \(problem)" }
}

/// Reads strict JSON (RFC 8259), of a bounded depth.
public struct JSONReader {
    public static let greatestDepth = 64

    private let bytes: UnsafeBufferPointer<UInt8>
    private var at = 0
    private var depth = 0

    private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

    public static func read(_ bytes: [UInt8]) throws(NotationError) -> JSON {
        // Typed throws do not pass through withUnsafeBufferPointer in Swift 6.0.
        let result: Result<JSON, NotationError> = bytes.withUnsafeBufferPointer { buffer in
            var reader = JSONReader(buffer)
            do throws(NotationError) { return .success(try reader.document()) } catch { return .failure(error) }
        }
        return try result.get()
    }

    public static func read(_ text: String) throws(NotationError) -> JSON { try read(Array(text.utf8)) }

    private mutating func document() throws(NotationError) -> JSON {
        let value = try value()
        skipSpace()
        guard at == bytes.count else { throw error("something follows after the end of the value") }
        return value
    }

    private mutating func value() throws(NotationError) -> JSON {
        skipSpace()
        guard at < bytes.count else { throw error("a value was expected, but the text ends") }
        switch bytes[at] {
        case Ascii.openBrace: return try object()
        case Ascii.openBracket: return try array()
        case Ascii.quote: return .string(try string())
        case UInt8(ascii: "t"): return try word("true", .boolean(true))
        case UInt8(ascii: "f"): return try word("false", .boolean(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func object() throws(NotationError) -> JSON {
        try enter()
        var members: [JSON.Member] = []
        if closes(with: Ascii.closeBrace) { return .object([]) }
        while true {
            skipSpace()
            guard at < bytes.count, bytes[at] == Ascii.quote else { throw error("a member's name was expected") }
            let key = try string()
            skipSpace()
            guard at < bytes.count, bytes[at] == Ascii.colon else { throw error("':' was expected") }
            at += 1
            members.append(JSON.Member(key, try value()))
            if try ends(with: Ascii.closeBrace) { return .object(members) }
        }
    }

    private mutating func array() throws(NotationError) -> JSON {
        try enter()
        var items: [JSON] = []
        if closes(with: Ascii.closeBracket) { return .array([]) }
        while true {
            items.append(try value())
            if try ends(with: Ascii.closeBracket) { return .array(items) }
        }
    }

    private mutating func enter() throws(NotationError) {
        depth += 1
        guard depth <= JSONReader.greatestDepth else { throw error("nested deeper than \(JSONReader.greatestDepth)") }
        at += 1
    }

    private mutating func closes(with end: UInt8) -> Bool {
        skipSpace()
        guard at < bytes.count, bytes[at] == end else { return false }
        at += 1
        depth -= 1
        return true
    }

    private mutating func ends(with end: UInt8) throws(NotationError) -> Bool {
        if closes(with: end) { return true }
        guard at < bytes.count, bytes[at] == Ascii.comma else {
            throw error("',' or '\(Character(UnicodeScalar(end)))' was expected")
        }
        at += 1
        return false
    }

    private mutating func word(_ text: StaticString, _ value: JSON) throws(NotationError) -> JSON {
        let count = text.utf8CodeUnitCount
        guard at + count <= bytes.count, (0..<count).allSatisfy({ bytes[at + $0] == text.utf8Start[$0] }) else {
            throw error("'\(text)' was expected")
        }
        at += count
        return value
    }

    private mutating func number() throws(NotationError) -> JSON {
        let start = at
        var whole = true
        if peek == Ascii.minus { at += 1 }
        guard let first = peek, isDigit(first) else { throw error("a value was expected") }
        at += 1
        if first != Ascii.zero { skipDigits() }
        if peek == Ascii.dot {
            whole = false
            at += 1
            guard let digit = peek, isDigit(digit) else { throw error("a digit was expected after '.'") }
            skipDigits()
        }
        if peek == UInt8(ascii: "e") || peek == UInt8(ascii: "E") {
            whole = false
            at += 1
            if peek == Ascii.plus || peek == Ascii.minus { at += 1 }
            guard let digit = peek, isDigit(digit) else { throw error("a digit was expected in the exponent") }
            skipDigits()
        }
        guard at - start <= 1024 else { throw error("a number of more than 1,024 characters") }
        let text = String(decoding: bytes[start..<at], as: UTF8.self)
        if whole, let number = Int64(text) { return .integer(number) }
        guard let number = Double(text), number.isFinite else { throw error("the number \(text) is too large") }
        return .double(number)
    }

    private mutating func string() throws(NotationError) -> String {
        at += 1
        let start = at
        // Most strings have no escape and are taken as they are.
        while at < bytes.count, bytes[at] != Ascii.quote, bytes[at] != Ascii.backslash, bytes[at] >= 32 { at += 1 }
        var raw = Array(bytes[start..<at])
        while true {
            guard at < bytes.count else { throw error("a string without an end") }
            let byte = bytes[at]
            if byte == Ascii.quote { break }
            guard byte >= 32 else { throw error("a control character in a string") }
            at += 1
            if byte == Ascii.backslash { try escape(into: &raw) } else { raw.append(byte) }
        }
        guard let text = String(validating: raw, as: UTF8.self) else { throw error("a string that is not UTF-8") }
        at += 1
        return text
    }

    private mutating func escape(into raw: inout [UInt8]) throws(NotationError) {
        guard at < bytes.count else { throw error("a string without an end") }
        let byte = bytes[at]
        at += 1
        switch byte {
        case Ascii.quote, Ascii.backslash, UInt8(ascii: "/"): raw.append(byte)
        case UInt8(ascii: "b"): raw.append(8)
        case UInt8(ascii: "f"): raw.append(12)
        case UInt8(ascii: "n"): raw.append(10)
        case UInt8(ascii: "r"): raw.append(13)
        case UInt8(ascii: "t"): raw.append(9)
        case UInt8(ascii: "u"):
            var code = try fourDigits()
            if (0xd800..<0xdc00).contains(code) {
                guard at + 1 < bytes.count, bytes[at] == Ascii.backslash, bytes[at + 1] == UInt8(ascii: "u") else {
                    throw error("half of a surrogate pair")
                }
                at += 2
                let low = try fourDigits()
                guard (0xdc00..<0xe000).contains(low) else { throw error("half of a surrogate pair") }
                code = 0x10000 + (code - 0xd800) << 10 + (low - 0xdc00)
            }
            guard let scalar = UnicodeScalar(code) else { throw error("half of a surrogate pair") }
            raw.append(contentsOf: Character(scalar).utf8)
        default: throw error("an unknown escape")
        }
    }

    private mutating func fourDigits() throws(NotationError) -> UInt32 {
        guard at + 4 <= bytes.count else { throw error("a string without an end") }
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard let value = Hex.value(bytes[at]) else { throw error("four hexadecimal digits were expected") }
            code = code << 4 | UInt32(value)
            at += 1
        }
        return code
    }

    private var peek: UInt8? { at < bytes.count ? bytes[at] : nil }
    private func isDigit(_ byte: UInt8) -> Bool { byte >= Ascii.zero && byte <= Ascii.nine }
    private mutating func skipDigits() { while let byte = peek, isDigit(byte) { at += 1 } }

    private mutating func skipSpace() {
        while at < bytes.count, bytes[at] == 32 || bytes[at] == 10 || bytes[at] == 13 || bytes[at] == 9 { at += 1 }
    }

    private func error(_ problem: String) -> NotationError {
        var (line, column) = (1, 1)
        for byte in bytes[..<min(at, bytes.count)] {
            if byte == 10 {
                line += 1
                column = 1
            } else if byte & 0xc0 != 0x80 {
                column += 1
            }
        }
        return NotationError(line: line, column: column, problem: problem)
    }
}
