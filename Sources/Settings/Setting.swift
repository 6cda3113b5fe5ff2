/// One thing that can be set: its name, what it may be, what it is without being set, and what it means. From this table
/// come the reader, its errors, `bothy config show`, and docs/configuration.md.
public struct Setting: Sendable {
    public var name: String
    public var shape: Shape
    /// As one would write it in the file; nil where there is nothing unless it is set.
    public var fallback: String?
    public var required: Bool
    public var summary: String

    public init(_ name: String, _ shape: Shape, _ fallback: String, _ summary: String) {
        self.name = name
        self.shape = shape
        self.fallback = fallback
        self.required = false
        self.summary = summary
    }

    public init(_ name: String, _ shape: Shape, required: Bool = false, _ summary: String) {
        self.name = name
        self.shape = shape
        self.required = required
        self.summary = summary
    }
}

/// What a setting may be.
public indirect enum Shape: Sendable {
    case scalar(Scalar)
    case list(of: Shape, most: Int)
    case record([Setting])
    /// Keys that the user chooses, all values alike.
    case table(of: Shape, most: Int)

    public static let flag = Shape.scalar(.flag)
    public static func text(_ most: Int = 256) -> Shape { .scalar(.text(most: most)) }
    public static func whole(_ range: ClosedRange<Int64>) -> Shape { .scalar(.whole(range)) }
    public static func decimal(_ range: ClosedRange<Double>) -> Shape { .scalar(.decimal(range)) }
    public static func choice(_ words: [String]) -> Shape { .scalar(.choice(words)) }
    public static func bytes(_ range: ClosedRange<Int64>) -> Shape { .scalar(.bytes(range)) }
    /// Milliseconds inside, `10 s` outside.
    public static func duration(_ rangeMs: ClosedRange<Int64>, or words: [String] = []) -> Shape {
        .scalar(.duration(rangeMs, or: words))
    }
}

public enum Scalar: Sendable {
    case flag
    case whole(ClosedRange<Int64>)
    case decimal(ClosedRange<Double>)
    case text(most: Int)
    case choice([String])
    case bytes(ClosedRange<Int64>)
    case duration(ClosedRange<Int64>, or: [String])

    /// `a size such as 2 GiB, from 16 MiB to 1 TiB`: for errors and for the reference.
    public var expectation: String {
        switch self {
        case .flag: "true or false"
        case .whole(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .decimal(let range): "a number from \(range.lowerBound) to \(range.upperBound)"
        case .text(let most): "text of at most \(most) characters"
        case .choice(let words): words.count == 2 ? words.joined(separator: " or ") : "one of \(list(words))"
        case .bytes(let range):
            "a size such as 2 GiB, from \(Quantity.bytes(range.lowerBound)) to \(Quantity.bytes(range.upperBound))"
        case .duration(let range, let words):
            (words.isEmpty ? "" : "\(words.joined(separator: ", ")) or ")
                + "a duration such as 10 s, from \(Quantity.duration(range.lowerBound)) to \(Quantity.duration(range.upperBound))"
        }
    }

    private func list(_ words: [String]) -> String { words.joined(separator: ", ") }
}
