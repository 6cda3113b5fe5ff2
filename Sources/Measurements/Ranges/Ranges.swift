/// Which numbers of a stream somebody has: sorted ranges that neither touch nor overlap.
public struct Ranges: Hashable, Sendable {
    public private(set) var ranges: [Range<SampleNumber>]

    /// Ranges in an encoded set. A longer one is cut at the end, which says less than is true: then something is sent
    /// twice, never not at all.
    public static let most = 1_024

    public init() { ranges = [] }

    public init(_ range: Range<SampleNumber>) { ranges = range.isEmpty ? [] : [range] }

    public var isEmpty: Bool { ranges.isEmpty }
    public var count: UInt64 { ranges.reduce(0) { $0 + ($1.upperBound - $1.lowerBound) } }
    public var end: SampleNumber { ranges.last?.upperBound ?? 0 }

    public func contains(_ number: SampleNumber) -> Bool {
        let index = firstIndex { $0.upperBound > number }
        return index < ranges.count && ranges[index].lowerBound <= number
    }

    /// Whether all of `range` is there.
    public func contains(_ range: Range<SampleNumber>) -> Bool {
        if range.isEmpty { return true }
        let index = firstIndex { $0.upperBound > range.lowerBound }
        return index < ranges.count && ranges[index].lowerBound <= range.lowerBound
            && ranges[index].upperBound >= range.upperBound
    }

    public mutating func insert(_ range: Range<SampleNumber>) {
        guard !range.isEmpty else { return }
        let start = firstIndex { $0.upperBound >= range.lowerBound }
        let end = firstIndex { $0.lowerBound > range.upperBound }
        guard start < end else {
            ranges.insert(range, at: start)
            return
        }
        let lower = Swift.min(range.lowerBound, ranges[start].lowerBound)
        let upper = Swift.max(range.upperBound, ranges[end - 1].upperBound)
        ranges.replaceSubrange(start..<end, with: CollectionOfOne(lower..<upper))
    }

    public mutating func remove(_ range: Range<SampleNumber>) {
        guard !range.isEmpty else { return }
        let start = firstIndex { $0.upperBound > range.lowerBound }
        let end = firstIndex { $0.lowerBound >= range.upperBound }
        guard start < end else { return }
        var rest: [Range<SampleNumber>] = []
        if ranges[start].lowerBound < range.lowerBound { rest.append(ranges[start].lowerBound..<range.lowerBound) }
        if ranges[end - 1].upperBound > range.upperBound { rest.append(range.upperBound..<ranges[end - 1].upperBound) }
        ranges.replaceSubrange(start..<end, with: rest)
    }

    public func union(_ other: Ranges) -> Ranges {
        var result = self
        for range in other.ranges { result.insert(range) }
        return result
    }

    public func subtracting(_ other: Ranges) -> Ranges {
        var result = self
        for range in other.ranges { result.remove(range) }
        return result
    }

    public func intersection(_ other: Ranges) -> Ranges { subtracting(subtracting(other)) }

    /// What of `whole` is not there.
    public func gaps(in whole: Range<SampleNumber>) -> Ranges { Ranges(whole).subtracting(self) }

    /// The first index of which `predicate` holds; it must hold for all that follow.
    private func firstIndex(where predicate: (Range<SampleNumber>) -> Bool) -> Int {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if predicate(ranges[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    public func encode(into writer: inout ByteWriter) {
        let kept = ranges.prefix(Ranges.most)
        writer.varint(kept.count)
        var last: SampleNumber = 0
        for range in kept {
            writer.varint(range.lowerBound - last)
            writer.varint(range.upperBound - range.lowerBound)
            last = range.upperBound
        }
    }

    public static func decode(from reader: inout ByteReader) throws(Malformed) -> Ranges {
        var result = Ranges()
        var last: SampleNumber = 0
        for index in 0..<(try reader.count("ranges", most: most)) {
            let start = reader.offset
            let skipped = try reader.varint("range's start", most: .max - last)
            let lower = last + skipped
            let count = try reader.varint("range's count", most: .max - lower)
            guard count > 0, skipped > 0 || index == 0 else { throw Malformed("range", .notCanonical, at: start) }
            last = lower + count
            result.ranges.append(lower..<last)
        }
        return result
    }
}
