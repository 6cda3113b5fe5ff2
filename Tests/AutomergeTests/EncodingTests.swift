import Hashing
import Testing

@testable import Automerge

/// The encodings, by vectors written by hand from the format's description.
@Suite struct EncodingTests {
    func withReader<Result>(_ text: String, _ body: (inout ByteReader) throws -> Result) rethrows -> Result {
        try hex(text).withUnsafeBytes {
            var reader = ByteReader($0)
            return try body(&reader)
        }
    }

    @Test(arguments: [
        ("00", 0 as UInt64), ("7f", 127), ("80 01", 128), ("e5 8e 26", 624_485),
        ("ff ff ff ff ff ff ff ff ff 01", .max),
    ])
    func unsignedNumbers(bytes: String, value: UInt64) throws {
        #expect(try withReader(bytes) { try $0.uleb() } == value)
        var writer = ByteWriter()
        writer.uleb(value)
        #expect(writer.array == hex(bytes))
    }

    @Test(arguments: [
        ("00", 0 as Int64), ("3f", 63), ("40", -64), ("7f", -1), ("c0 00", 64), ("bf 7f", -65), ("c0 bb 78", -123_456),
        ("ff ff ff ff ff ff ff ff ff 00", .max), ("80 80 80 80 80 80 80 80 80 7f", .min),
    ])
    func signedNumbers(bytes: String, value: Int64) throws {
        #expect(try withReader(bytes) { try $0.leb() } == value)
        var writer = ByteWriter()
        writer.leb(value)
        #expect(writer.array == hex(bytes))
    }

    @Test(arguments: ["80 00", "ff 80 00", "80", "ff ff ff ff ff ff ff ff ff 02", ""])
    func refusesUnsigned(bytes: String) {
        #expect(throws: AutomergeError.self) { try withReader(bytes) { try $0.uleb() } }
    }

    @Test(arguments: ["80 00", "bf 00", "ff 7f", "c0 7f", "80", "80 80 80 80 80 80 80 80 80 01", ""])
    func refusesSigned(bytes: String) {
        // 0xbf 0x00 is 63 in two bytes, 0xc0 0x7f is -64: each has a shorter form.
        #expect(throws: AutomergeError.self) { try withReader(bytes) { try $0.leb() } }
    }

    /// Runs for two and more, literals as long as can be, absent values counted.
    @Test(
        arguments: [
            ([5, 5, 5], "03 05"), ([1, 2, 3], "7d 01 02 03"), ([1, 2, 2, 3], "7f 01 02 02 7f 03"),
            ([absent, absent, 7], "00 02 7f 07"), ([7, absent], "7f 07 00 01"), ([absent, absent], ""),
            ([0, 0], "02 00"),
        ] as [([UInt32], String)])
    func runsOfNumbers(values: [UInt32], bytes: String) throws {
        var writer = ByteWriter()
        RunEncoding.uints(values, count: values.count, to: &writer)
        #expect(writer.array == hex(bytes))
        var read = Scratch<UInt32>()
        try withReader(bytes) { try RunDecoding.uints($0, into: &read, count: values.count) }
        #expect((0..<values.count).map { read.base[$0] } == values)
    }

    @Test(
        arguments: [([1, 2, 3, 5], "03 01 7f 02"), ([10, absent, 9], "7f 0a 00 01 7f 7f"), ([4], "7f 04")]
            as [([UInt32], String)])
    func differences(values: [UInt32], bytes: String) throws {
        var writer = ByteWriter()
        var scratch = Scratch<Int64>()
        RunEncoding.deltas(values, count: values.count, through: &scratch, to: &writer)
        #expect(writer.array == hex(bytes))
        var read = Scratch<UInt32>()
        try withReader(bytes) { try RunDecoding.deltas($0, into: &read, count: values.count) }
        #expect((0..<values.count).map { read.base[$0] } == values)
    }

    @Test(arguments: [
        ([false, false, true], "02 01"), ([true], "00 01"), ([false], "01"), ([true, false], "00 01 01"),
    ])
    func booleans(values: [Bool], bytes: String) throws {
        var writer = ByteWriter()
        RunEncoding.booleans(values, count: values.count, to: &writer)
        #expect(writer.array == hex(bytes))
        var read = Scratch<Bool>()
        try withReader(bytes) { try RunDecoding.booleans($0, into: &read, count: values.count) }
        #expect((0..<values.count).map { read.base[$0] } == values)
    }

    /// A few bytes that announce billions of values cost neither time nor memory.
    @Test func announcedRunsAreBounded() {
        let bomb = "80 80 80 80 80 80 01 01"
        #expect(throws: AutomergeError.self) {
            try withReader(bomb) { try RunDecoding.count($0, limit: 1 << 24) }
        }
        var read = Scratch<UInt32>()
        #expect(throws: AutomergeError.self) {
            try withReader(bomb) { try RunDecoding.uints($0, into: &read, count: 3) }
        }
    }

    @Test func inflatingIsBounded() throws {
        let bomb = try #require([UInt8](repeating: 0, count: 1 << 20).withUnsafeBytes { Deflate.compress($0) })
        #expect(bomb.count < 2_000)
        #expect(throws: AutomergeError.self) {
            try bomb.withUnsafeBytes { try Deflate.expand($0, limit: 1 << 16, at: 0) }
        }
        #expect(try bomb.withUnsafeBytes { try Deflate.expand($0, limit: 1 << 20, at: 0) }.count == 1 << 20)
    }
}
