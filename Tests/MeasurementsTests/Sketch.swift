import Hashing

@testable import Measurements

/// Fixed identifiers and a repeatable random source for the tests of this room.
enum Sketch {
    static let gateway = Bytes32 { out in for index in 0..<32 { out[index] = UInt8(index + 1) } }
    static let run = RunID(high: 0x0102_0304_0506_0708, low: 0x090a_0b0c_0d0e_0f10)
    static let boot = BootID(high: 0x1112_1314_1516_1718, low: 0x191a_1b1c_1d1e_1f20)
    static let key = StreamKey(gateway: gateway, run: run, stream: 7)

    static let sensor = SensorDeclaration(
        id: "h10-1", name: "Chest strap", kind: "heartrate", origin: "ble:00:11:22:33:44:55", decoder: "polar-h10@1",
        attributes: [
            AttributeDeclaration(
                name: "ecg", kind: .integer(scale: -3), unit: "mV", range: -10...10, nominalRate: 130)
        ])
    static let declaration = StreamDeclaration(number: 7, sensor: sensor, attribute: sensor.attributes[0])

    /// A stand-in for Ed25519 that a pure test can have: a hash under the signer's key.
    static func sign(as signer: Bytes32) -> ([UInt8]) -> Signature {
        { message in
            let half = BLAKE2b.hash(signer.bytes + message, purpose: "test.signature").bytes
            return Signature(half + half)!
        }
    }

    static func verify(_ signer: Bytes32, _ message: [UInt8], _ signature: Signature) -> Bool {
        sign(as: signer)(message) == signature
    }
}

/// xorshift64*: the same numbers everywhere for one seed.
struct Seeded: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_f491_4f6c_dd1d
    }
}
