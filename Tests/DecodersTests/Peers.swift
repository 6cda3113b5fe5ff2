import Decoders
import Foundation
import Measurements
import Notation

/// A foreign program that tests compare with.
enum Peer {
    struct Missing: Error, CustomStringConvertible {
        var description: String
    }

    /// Runs a script of Tests/peers and returns its output, a JSON value a line.
    static func run(_ script: String, _ arguments: [String], input: String? = nil) throws -> [JSON] {
        let process = Process()
        process.executableURL = checkout.appendingPathComponent("Tests/peers/python")
        process.arguments = [checkout.appendingPathComponent("Tests/peers/\(script)").path] + arguments
        let (output, feed) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardInput = feed
        try process.run()
        feed.fileHandleForWriting.write(Data((input ?? "").utf8))
        try feed.fileHandleForWriting.close()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Missing(description: "\(script) failed; run Tests/peers/setup")
        }
        return try data.split(separator: 10).map { try JSONReader.read(Array($0)) }
    }
}

func sample(_ name: String) throws -> String {
    try String(contentsOf: checkout.appendingPathComponent("Tests/samples/\(name)"), encoding: .utf8)
}

/// A whole stream of one protocol at once.
func decode(_ bytes: [UInt8], _ decoder: inout StreamDecoder) -> Readings {
    var readings = Readings()
    bytes.withUnsafeBytes { decoder.feed($0, at: 1, into: &readings) }
    return readings
}
