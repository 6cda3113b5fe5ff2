import CQREncode

/// A QR code for a terminal: two rows of modules a line of text.
struct QRCode {
    private let width: Int
    private let modules: [Bool]

    /// Nil for text that is too long for a code.
    init?(_ text: String) {
        guard let code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1) else { return nil }
        defer { QRcode_free(code) }
        width = Int(code.pointee.width)
        modules = (0..<(width * width)).map { code.pointee.data[$0] & 1 == 1 }
    }

    /// Light on dark terminals and dark on light ones alike: the light modules are drawn, with a quiet zone around.
    func render() -> String {
        let quiet = 2
        func isLight(_ row: Int, _ column: Int) -> Bool {
            guard (0..<width).contains(row), (0..<width).contains(column) else { return true }
            return !modules[row * width + column]
        }
        var lines: [String] = []
        for row in stride(from: -quiet, to: width + quiet, by: 2) {
            var line = ""
            for column in -quiet..<(width + quiet) {
                switch (isLight(row, column), isLight(row + 1, column) && row + 1 < width + quiet) {
                case (true, true): line += "█"
                case (true, false): line += "▀"
                case (false, true): line += "▄"
                case (false, false): line += " "
                }
            }
            lines.append(line)
        }
        return lines.joined(separator: "\n")
    }
}
