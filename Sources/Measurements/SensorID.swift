extension SensorDeclaration {
    public static let idRule = "1 to 64 of A–Z a–z 0–9 . _ : - , beginning with a letter or digit"

    /// Ids beginning with `__` are the gateway's own and never a sensor's.
    public static func isValidID(_ id: String) -> Bool {
        guard (1...64).contains(id.utf8.count), let first = id.utf8.first, isLetterOrDigit(first) else { return false }
        return id.utf8.allSatisfy { isLetterOrDigit($0) || ".:-_".utf8.contains($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte)
    }
}
