import Notation
import Testing

@testable import Identity

@Suite struct CPaceTests {
    let channel = Hex.decode("6f630b425f726573706f6e6465720b415f696e69746961746f72")!
    let session = Hex.decode("7e4b4791d6a8ef019b936c79fb7f2c57")!

    @Test func theVectorsOfTheDraftComeOut() throws {
        // draft-irtf-cfrg-cpace, appendix B.3
        #expect(
            Hex.encode(CPace.generator(code: Array("Password".utf8), channel: channel, sessionID: session))
                == "a6fc82c3b8968fbb2e06fee81ca858586dea50d248f0c7ca6a18b0902a30b36b")
        func side(_ side: CPace.Side, _ associated: String, _ scalar: String) -> CPace {
            CPace(
                side, code: Array("Password".utf8), channel: channel, sessionID: session,
                associated: Array(associated.utf8), scalar: Hex.decode(scalar)!)
        }
        let a = side(.initiator, "ADa", "da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08")
        let b = side(.responder, "ADb", "d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d")
        #expect(Hex.encode(a.share) == "d40fb265a7abeaee7939d91a585fe59f7053f982c296ec413c624c669308f87a")
        #expect(Hex.encode(b.share) == "08bcf6e9777a9c313a3db6daa510f2d398403319c2341bd506a92e672eb7e307")
        let keyA = try #require(a.confirm(share: b.share, associated: Array("ADb".utf8)))
        let keyB = try #require(b.confirm(share: a.share, associated: Array("ADa".utf8)))
        let key =
            "4c5469a16b2364c4b944ebc1a79e51d1674ad47db26e8718154f59faebfaa52d"
            + "8346f30aa58377117eb20d527f2cbc5c76381f7fd372e89df8239f87f2e02ed1"
        #expect(Hex.encode(keyA.key) == key && Hex.encode(keyB.key) == key)
        #expect(keyA.accepts(keyB.tag) && keyB.accepts(keyA.tag))
        #expect(!keyA.accepts(keyA.tag), "one side's tag is not the other's")
    }

    private func run(_ codeA: String, _ codeB: String, channelB: [UInt8]? = nil) -> (
        CPaceConfirmation, CPaceConfirmation
    ) {
        let a = CPace(
            .initiator, code: Array(codeA.utf8), channel: channel, sessionID: session, associated: [],
            random: (0..<64).map { _ in .random(in: 0...255) })
        let b = CPace(
            .responder, code: Array(codeB.utf8), channel: channelB ?? channel, sessionID: session, associated: [],
            random: (0..<64).map { _ in .random(in: 0...255) })
        return (a.confirm(share: b.share, associated: [])!, b.confirm(share: a.share, associated: [])!)
    }

    @Test func anotherCodeOrAnotherChannelGivesNothing() {
        let (sameA, sameB) = run("12345678", "12345678")
        #expect(sameA.accepts(sameB.tag) && sameB.accepts(sameA.tag) && sameA.key == sameB.key)
        let (wrongA, wrongB) = run("12345678", "12345679")
        #expect(!wrongA.accepts(wrongB.tag) && !wrongB.accepts(wrongA.tag))
        let (farA, farB) = run("12345678", "12345678", channelB: channel.reversed())
        #expect(!farA.accepts(farB.tag) && !farB.accepts(farA.tag))
    }

    @Test func sharesThatAreNoPointsOrTrivialAreRefused() {
        let a = CPace(
            .initiator, code: [1], channel: channel, sessionID: session, associated: [],
            random: [UInt8](repeating: 7, count: 64))
        #expect(a.confirm(share: [UInt8](repeating: 0, count: 32), associated: []) == nil)
        #expect(a.confirm(share: [UInt8](repeating: 255, count: 32), associated: []) == nil)
        #expect(a.confirm(share: [1], associated: []) == nil)
    }
}
