import Measurements
import Testing

@Suite struct IdentifierTests {
    @Test func aRunIsItsSixteenBytes() {
        let bytes = (1...16).map { UInt8($0) }
        #expect(RunID(bytes)?.bytes == bytes)
        #expect(RunID(bytes)?.high == 0x0102_0304_0506_0708)
        #expect(RunID([1]) == nil)
    }
}
