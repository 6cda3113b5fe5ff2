/// Samples of one stream as columns. Of the four value columns only the one of `kind` is used; a sample with parts has
/// `width` values in a row there.
@frozen
public struct Samples: Sendable {
    public let kind: ValueKind
    public let width: Int
    public var times: [BootTime]
    /// Mantissas at the declared scale.
    public var integers: [Int64]
    public var doubles: [Double]
    public var booleans: [Bool]
    public var texts: [String]

    /// Bytes of UTF-8 in a text value; a longer one is refused where it comes in.
    public static let mostTextBytes = 255

    public init(kind: ValueKind, width: Int = 1) {
        precondition(width >= 1 && width <= AttributeDeclaration.mostComponents, "a sample has 1 to 64 values")
        self.kind = kind
        self.width = width
        (times, integers, doubles, booleans, texts) = ([], [], [], [], [])
    }

    public init(of attribute: AttributeDeclaration) { self.init(kind: attribute.kind, width: attribute.width) }

    public var count: Int { times.count }
    public var isEmpty: Bool { times.isEmpty }

    /// The value of one part of one sample.
    public func value(_ index: Int, component: Int = 0) -> Value {
        let at = index * width + component
        switch kind {
        case .integer: return .integer(integers[at])
        case .double: return .double(doubles[at])
        case .boolean: return .boolean(booleans[at])
        case .text: return .text(texts[at])
        }
    }

    public mutating func removeAll(keepingCapacity: Bool = true) {
        times.removeAll(keepingCapacity: keepingCapacity)
        integers.removeAll(keepingCapacity: keepingCapacity)
        doubles.removeAll(keepingCapacity: keepingCapacity)
        booleans.removeAll(keepingCapacity: keepingCapacity)
        texts.removeAll(keepingCapacity: keepingCapacity)
    }

    public mutating func removeFirst(_ count: Int) {
        times.removeFirst(count)
        switch kind {
        case .integer: integers.removeFirst(count * width)
        case .double: doubles.removeFirst(count * width)
        case .boolean: booleans.removeFirst(count * width)
        case .text: texts.removeFirst(count * width)
        }
    }

    /// Appends a part of others of the same shape.
    public mutating func append(_ other: Samples, _ range: Range<Int>) {
        precondition(other.kind == kind && other.width == width, "samples of another stream")
        times.append(contentsOf: other.times[range])
        let values = range.lowerBound * width..<range.upperBound * width
        switch kind {
        case .integer: integers.append(contentsOf: other.integers[values])
        case .double: doubles.append(contentsOf: other.doubles[values])
        case .boolean: booleans.append(contentsOf: other.booleans[values])
        case .text: texts.append(contentsOf: other.texts[values])
        }
    }

    public mutating func append(_ other: Samples) { append(other, 0..<other.count) }

    public subscript(range: Range<Int>) -> Samples {
        var part = Samples(kind: kind, width: width)
        part.append(self, range)
        return part
    }
}

extension Samples: Equatable {
    /// The same bits: a NaN equals itself and −0 differs from 0.
    public static func == (left: Samples, right: Samples) -> Bool {
        guard left.kind == right.kind, left.width == right.width, left.times == right.times else { return false }
        switch left.kind {
        case .integer: return left.integers == right.integers
        case .double: return left.doubles.elementsEqual(right.doubles) { $0.bitPattern == $1.bitPattern }
        case .boolean: return left.booleans == right.booleans
        case .text: return left.texts.elementsEqual(right.texts) { $0.utf8.elementsEqual($1.utf8) }
        }
    }
}
