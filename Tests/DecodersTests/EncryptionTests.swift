import Decoders
import Measurements
import Notation
import Testing

/// The AES-CCM stage, against the example in BTHome's own specification.
@Suite struct EncryptionTests {
    static let sealed = """
        {"decoder": "sealed", "version": 1, "attributes": [
          {"name": "temperature", "scale": -2}, {"name": "humidity", "scale": -2}],
         "frames": [{"match": {"service": "fcd2", "bytes": [{"hex": "01", "mask": "01"}]},
          "header": [{"let": "counter", "at": -8, "type": "u32le"}],
          "decrypt": {"nonce": ["address", "source", {"at": 0, "count": 1}, {"at": -8, "count": 4}],
             "from": 1, "to": -8, "tag_at": -4, "tag_length": 4},
          "counter": "counter",
          "objects": {"id": "u8", "table": {
             "0x02": {"attribute": "temperature", "type": "i16le"},
             "0x03": {"attribute": "humidity", "type": "u16le"}}}}]}
        """
    static let frame = "41a47266c95f730011223378237214"
    static let key = "231d39c1d7cc1ab1aee224cd096db932"

    private func decode(_ hex: String, key: String, address: UInt64 = 0x5448_e68f_80a5) throws -> (
        Readings, FrameOutcome
    ) {
        let description = try description(Self.sealed)
        var readings = Readings()
        let context = FrameContext(
            time: 0, source: .serviceData(BluetoothUUID(0xfcd2)), address: address, key: Hex.decode(key) ?? [])
        let result = try #require(Hex.decode(hex)).withUnsafeBytes { description.decode($0, context, into: &readings) }
        return (readings, try #require(result).1)
    }

    @Test func opensThePublishedExample() throws {
        let (readings, outcome) = try decode(Self.frame, key: Self.key)
        #expect(outcome.refusal == nil)
        #expect(outcome.counter == 0x3322_1100)
        #expect(readings.entries.map(\.value) == [.integer(2506), .integer(5055)])
    }

    @Test func aWrongKeyOrAddressOrBitGivesNothing() throws {
        #expect(try decode(Self.frame, key: "231d39c1d7cc1ab1aee224cd096db933").1.refusal == .wrongKey)
        #expect(try decode(Self.frame, key: Self.key, address: 0x5448_e68f_80a6).1.refusal == .wrongKey)
        #expect(try decode(Self.frame, key: "").1.refusal == .keyMissing)
        #expect(try decode("41a4", key: Self.key).1.refusal == .tooShort)
        let bytes = try #require(Hex.decode(Self.frame))
        for bit in 8..<bytes.count * 8 {
            var changed = bytes
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            let (readings, outcome) = try decode(Hex.encode(changed), key: Self.key)
            #expect(outcome.refusal == .wrongKey && readings.entries.isEmpty, "bit \(bit)")
        }
    }

    @Test func sealingIsTheReverse() throws {
        let key = try #require(Hex.decode(Self.key))
        let nonce = try #require(Hex.decode("5448e68f80a5d2fc4100112233"))
        let made = try #require(AES.seal(key: key, nonce: nonce, [0x02, 0xca, 0x09, 0x03, 0xbf, 0x13], tag: 4))
        #expect(Hex.encode(made.sealed + made.tag) == "a47266c95f7378237214")
    }

    /// FIPS 197, appendix C.1.
    @Test func oneBlock() throws {
        let key = (0..<16).map { UInt8($0) }
        let block = try #require(AES.block(key: key, (0..<16).map { UInt8($0 * 0x11) }))
        #expect(Hex.encode(block) == "69c4e0d86a7b0430d8cdb78070b4c55a")
        #expect(AES.block(key: [1], block) == nil)
    }
}
