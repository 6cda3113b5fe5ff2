import Foundation
import Testing

@testable import Links

/// What a fuzzer found, kept: a device may answer anything, and the session ends or goes on.
@Suite struct HostileDeviceTests {
    @Test(arguments: ["BQEBNAkBBgEFBQE3CQUBAAUBAzcJBwwMDAwA//8AAAAAAAAA"])
    func answersThatMeanHarmEndNothingElse(_ messages: String) throws {
        let raw = [UInt8](try #require(Data(base64Encoded: messages)))
        let wanted = AttUUID(0x2A37)
        var session = GattSession(
            plan: SessionPlan(parts: [
                .init(subscribe: [wanted], read: [.init(characteristic: wanted, everySeconds: 1)])
            ]),
            bondLevel: 2)
        _ = session.handle(.connected(security: 1), now: 0)
        var offset = 0
        var now: Int64 = 0
        // Message after message, each after its length, as in Tests/Fuzz/Bluetooth.swift.
        while offset < raw.count {
            let length = min(Int(raw[offset]), raw.count - offset - 1)
            raw[(offset + 1)..<(offset + 1 + length)].withUnsafeBytes { message in
                for case .raiseSecurity(let level) in session.handle(.received(message), now: now) {
                    _ = session.handle(.secured(level: level), now: now)
                }
            }
            now += 1_000_000
            offset += 1 + length
        }
        #expect(now > 0)
    }
}
