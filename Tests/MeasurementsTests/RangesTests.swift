import Testing

@testable import Measurements

@Suite("Sets of numbers behave as sets")
struct RangesTests {
    @Test("Against a plain set of numbers")
    func againstSet() throws {
        var random = Seeded(seed)
        for _ in 0..<60 {
            var (ranges, plain) = (Ranges(), Set<UInt64>())
            for _ in 0..<40 {
                let first = UInt64.random(in: 0..<200, using: &random)
                let range = first..<first + UInt64.random(in: 0..<30, using: &random)
                if Bool.random(using: &random) {
                    ranges.insert(range)
                    plain.formUnion(range)
                } else {
                    ranges.remove(range)
                    plain.subtract(range)
                }
                #expect(ranges.count == UInt64(plain.count))
            }
            for number in 0..<UInt64(240) { #expect(ranges.contains(number) == plain.contains(number)) }
            #expect(ranges.gaps(in: 0..<240).count == 240 - ranges.count)
            for (left, right) in zip(ranges.ranges, ranges.ranges.dropFirst()) {
                #expect(left.upperBound < right.lowerBound)
            }
            var writer = ByteWriter()
            ranges.encode(into: &writer)
            var reader = ByteReader(writer.bytes)
            #expect(try Ranges.decode(from: &reader) == ranges)
            try reader.finish("ranges")
        }
    }
}
