/// A settings file that cannot be taken, with everything that is wrong in it.
public struct SettingsError: Error, Sendable, CustomStringConvertible {
    public struct Problem: Hashable, Sendable, CustomStringConvertible {
        public var file: String
        public var line: Int
        public var column: Int
        /// `store.cap`; empty where the text itself is broken.
        public var key: String
        public var problem: String

        public var description: String {
            "\(file):\(line):\(column): " + (key.isEmpty ? "" : "\(key): ") + problem
        }
    }

    public var problems: [Problem]

    public init(problems: [Problem]) { self.problems = problems }

    public var description: String { problems.map(\.description).joined(separator: "\n") }
}
