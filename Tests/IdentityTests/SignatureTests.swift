import Foundation
import Hashing
import Notation
import Testing

@testable import Identity

private func bytes(_ hex: String) -> [UInt8] {
    stride(from: 0, to: hex.count, by: 2).map {
        let start = hex.index(hex.startIndex, offsetBy: $0)
        return UInt8(hex[start..<hex.index(start, offsetBy: 2)], radix: 16)!
    }
}

@Suite struct SignatureTests {
    let key = IdentityKey(seed: Array(0..<32))!

    @Test func theKeyOfASeedIsThatOfRFC8032() {
        let key = IdentityKey(seed: bytes("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60"))!
        #expect(key.id.bytes == bytes("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))
    }

    @Test func aSignatureIsBoundToItsKindItsBodyAndItsKey() {
        let body: [UInt8] = [1, 2, 3]
        let signature = key.sign(kind: "seal", body)
        #expect(signature.verifies(kind: "seal", body, by: key.id))
        #expect(!signature.verifies(kind: "receipt", body, by: key.id))
        #expect(!signature.verifies(kind: "seal", [1, 2], by: key.id))
        #expect(!signature.verifies(kind: "seal", body, by: IdentityKey(seed: Array(1..<33))!.id))
        #expect(SignedMessage.bytes(kind: "seal", body) == Array("bothy/seal/1\0".utf8) + body)
    }

    @Test func whatIsSignedIsDeterministic() {
        // Golden, from openssl: records signed by earlier versions must verify for ever.
        let expected = "1fb64824d962d49e"
        let got = key.sign(kind: "seal", [1, 2, 3]).bytes.prefix(8).map { String(format: "%02x", $0) }.joined()
        #expect(got == expected)
    }

    @Test func everyFlippedBitOfASignatureIsFound() {
        let signature = key.sign(kind: "seal", [7])
        for bit in 0..<512 {
            var changed = signature.bytes
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(!Signature(changed)!.verifies(kind: "seal", [7], by: key.id))
        }
    }

    @Test func verificationIsStrict() {
        // S + L instead of S: the same equation, another text.
        let order = bytes("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
        var changed = key.sign(kind: "seal", [7]).bytes
        var carry = 0
        for index in 0..<32 {
            let sum = Int(changed[32 + index]) + Int(order[index]) + carry
            changed[32 + index] = UInt8(truncatingIfNeeded: sum)
            carry = sum >> 8
        }
        #expect(!Signature(changed)!.verifies(kind: "seal", [7], by: key.id))
        // The neutral element as key and as R, with S = 0, satisfies the bare equation for every message.
        let neutral = Bytes32([1] + [UInt8](repeating: 0, count: 31))!
        let forged = Signature(neutral.bytes + [UInt8](repeating: 0, count: 32))!
        #expect(!forged.verifies(kind: "seal", [7], by: neutral))
    }

    @Test func noDescriptionShowsTheSecret() throws {
        let seed = (0..<32).map { _ in UInt8.random(in: 0...255) }
        let secret = IdentityKey(seed: seed)!
        let endpoint = EndpointKey(seed: seed, serial: 3)!
        var dumped = ""
        dump(secret, to: &dumped)
        dump(endpoint, to: &dumped)
        let texts = [dumped, "\(secret)", String(reflecting: secret), "\(endpoint)", String(reflecting: endpoint)]
        let hex = seed.map { String(format: "%02x", $0) }.joined()
        for text in texts {
            #expect(!text.lowercased().contains(hex) && !text.contains(Base32.encode(seed)))
            #expect(!text.contains("\(seed[0]), \(seed[1])"))
        }
    }
}

@Suite struct EndpointCertTests {
    let identity = IdentityKey(seed: Array(0..<32))!
    let endpoint = EndpointKey(seed: Array(32..<64), serial: 0x0102_0304)!

    @Test func bytesComeBackAsTheyWere() throws {
        let cert = EndpointCert(of: endpoint, role: .hub, by: identity)
        #expect(cert.bytes.count == EndpointCert.count)
        let read = try EndpointCert(verifying: cert.bytes)
        #expect(read == cert)
        #expect(read.identity == identity.id && read.endpoint == endpoint.id && read.serial == 0x0102_0304)
        #expect(read.role == .hub)
    }

    @Test func everyFlippedBitIsFound() {
        let bytes = EndpointCert(of: endpoint, role: .gateway, by: identity).bytes
        for bit in 0..<bytes.count * 8 {
            var changed = bytes
            changed[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: EndpointCert.Failure.self) { try EndpointCert(verifying: changed) }
        }
        for count in [0, 1, bytes.count - 1] {
            #expect(throws: EndpointCert.Failure.wrongLength(count)) {
                try EndpointCert(verifying: Array(bytes[..<count]))
            }
        }
    }
}
