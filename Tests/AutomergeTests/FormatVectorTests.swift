import Hashing
import Testing

@testable import Automerge

/// Whole chunks, byte by byte from the format's description.
@Suite struct FormatVectorTests {
    /// Root["a"] = uint 1, by actor 01, as its first change.
    let body = """
        00 0101 01 01 00 00 00
        06 1503 3401 4202 5602 5701 7002
        7f0161 01 7f01 7f13 01 7f00
        """

    func chunk(_ type: UInt8, _ body: [UInt8]) -> [UInt8] {
        let hashed = [type, UInt8(body.count)] + body
        return [0x85, 0x6f, 0x4a, 0x83] + SHA256.hash(hashed).bytes.prefix(4) + hashed
    }

    @Test func changeIsWrittenAsTheFormatSays() throws {
        var document = Document(actor: ActorID([1]))
        let change = try #require(
            try document.change { edit throws(AutomergeError) in try edit.put(.uint(1), in: .root, at: "a") })
        #expect(hexText(change.bytes) == hexText(chunk(1, hex(body))))
        #expect(change.hash == SHA256.hash([1, UInt8(hex(body).count)] + hex(body)))
    }

    @Test func changeIsReadBeforeItIsApplied() throws {
        let change = try Change(bytes: chunk(1, hex(body)))
        #expect(change.actor == ActorID([1]))
        #expect(change.sequence == 1)
        #expect(change.startOp == 1)
        #expect(change.operationCount == 1)
        #expect(change.maxOp == 1)
        #expect(change.dependencies.isEmpty)
        var document = Document(actor: actor(2))
        try document.apply(change)
        #expect(try document.value(in: .root, at: "a") == .scalar(.uint(1)))
        #expect(document.heads == [change.hash])
    }

    /// The same as a document: actors, heads, columns of changes, columns of operations, index of the head.
    @Test func documentIsWrittenAsTheFormatSays() throws {
        var document = Document(actor: ActorID([1]))
        let change = try #require(
            try document.change(time: 5) { edit throws(AutomergeError) in try edit.put(.uint(1), in: .root, at: "a") })
        let expected =
            "01 0101 01 \(hexText(change.hash.bytes))"
            + "06 0102 0302 1302 2302 4002 5602"
            + "08 1503 2102 2302 3401 4202 5602 5701 800102"
            + "7f00 7f01 7f01 7f05 7f00 7f07"
            + "7f0161 7f00 7f01 01 7f01 7f13 01 7f00"
            + "00"
        #expect(hexText(document.save()) == hexText(chunk(0, hex(expected))))
        let read = try Document(loading: document.save(), actor: actor(2))
        #expect(read.heads == [change.hash])
        #expect(read.dump() == document.dump())
    }

    @Test func textElementsNameTheElementBefore() throws {
        var document = Document(actor: ActorID([1]))
        let change = try #require(
            try document.change { edit throws(AutomergeError) in
                let text = try edit.putObject(.text, in: .root, at: "t")
                try edit.splice(text, at: 0, inserting: "hé")
                try edit.splice(text, at: 0, deleting: 1)
            })
        let read = try Change(bytes: change.bytes)
        #expect(read.operationCount == 4)
        var other = Document(actor: actor(2))
        try other.apply(read)
        #expect(try other.text(of: try #require(other["t"]?.object)) == "é")
    }

    /// A column from a later version of the format (number 256, small numbers), in a change and in a document.
    @Test func unknownColumnsAndBytesAreKept() throws {
        let later = """
            00 0101 01 01 00 00 00
            07 1503 3401 4202 5602 5701 7002 822002
            7f0161 01 7f01 7f13 01 7f00 7f09 0badcafe
            """
        let change = try Change(bytes: chunk(1, hex(later)))
        var document = Document(actor: actor(2))
        try document.apply(change)
        try document.change { edit throws(AutomergeError) in try edit.put(.int(2), in: .root, at: "b") }
        let read = try Document(loading: document.save(), actor: actor(3))
        #expect(read.heads == document.heads)
        #expect(try read.changes().first?.bytes == change.bytes)

        let plain = try Change(bytes: chunk(1, hex(body)))
        let foreign =
            "01 0101 01 \(hexText(plain.hash.bytes))" + "06 0102 0302 1302 2302 4002 5602"
            + "09 1503 2102 2302 3401 4202 5602 5701 800102 822002" + "7f00 7f01 7f01 7f00 7f00 7f07"
            + "7f0161 7f00 7f01 01 7f01 7f13 01 7f00 7f09" + "00"
        var other = try Document(loading: chunk(0, hex(foreign)), actor: actor(2))
        #expect(other.heads == [plain.hash])
        #expect(other.save() == chunk(0, hex(foreign)))
        try other.change { edit throws(AutomergeError) in try edit.put(.int(2), in: .root, at: "b") }
        #expect(other.save().starts(with: chunk(0, hex(foreign))))
        #expect(try Document(loading: other.save(), actor: actor(3)).dump() == other.dump())
    }

    /// Bytes behind the columns belong to the change, in a document too.
    @Test func extraBytesAreKept() throws {
        var document = Document(actor: actor(1))
        let change = try #require(
            try document.change(extra: [1, 2, 3]) { edit throws(AutomergeError) in
                try edit.put(.int(1), in: .root, at: "a")
            }.change)
        #expect(change.bytes.suffix(3) == [1, 2, 3])
        let read = try Document(loading: document.save(), actor: actor(2))
        #expect(try read.changes().map(\.bytes) == [change.bytes])
    }

    @Test func deflatedChangeHasTheHashOfThePlainOne() throws {
        var document = Document(actor: actor(1))
        let change = try #require(
            try document.change { edit throws(AutomergeError) in
                let text = try edit.putObject(.text, in: .root, at: "text")
                try edit.splice(text, at: 0, inserting: String(repeating: "sheltered ", count: 100))
            })
        #expect(change.bytes[8] == 2)
        #expect(change.bytes.count < change.chunk.count)
        #expect(try Change(bytes: change.bytes).hash == change.hash)
        #expect(try Change(bytes: change.chunk).hash == change.hash)
    }

    @Test func aWrongChecksumIsRefused() {
        for position in 4..<chunk(1, hex(body)).count {
            var damaged = chunk(1, hex(body))
            damaged[position] ^= 0x40
            #expect(throws: AutomergeError.self) { try Change(bytes: damaged) }
        }
    }
}
