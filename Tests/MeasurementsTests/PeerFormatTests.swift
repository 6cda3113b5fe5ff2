import Foundation
import Testing

@testable import Measurements

@Suite("docs/formats.md is enough to read what is written")
struct PeerFormatTests {
    @Test("A reader written from that page alone, in another language, finds the same samples and hashes")
    func secondReader() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bothy-formats-\(UUID())")
        try FileManager.default.copyItem(at: GoldenTests.folder, to: folder)
        defer { try? FileManager.default.removeItem(at: folder) }
        var random = Seeded(seed &+ 3)
        for round in 0..<60 {
            let samples = SampleShapes.samples(&random, most: 300)
            guard !samples.isEmpty else { continue }
            let block = Block(key: Sketch.key, first: 1_024, boot: Sketch.boot, samples: samples)
            try Data(block.packed).write(to: folder.appendingPathComponent("random\(round).packed"))
            try Data(block.address.bytes).write(to: folder.appendingPathComponent("random\(round).address"))
        }
        let peers = GoldenTests.folder.appendingPathComponent("../../peers").standardized
        let process = Process()
        process.executableURL = peers.appendingPathComponent("python")
        process.arguments = [peers.appendingPathComponent("formats.py").path, folder.path]
        let output = Pipe()
        (process.standardOutput, process.standardError) = (output, output)
        try process.run()
        let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 0 && said.hasSuffix("all agree\n"), "seed \(seed): \(said.suffix(600))")
    }
}
