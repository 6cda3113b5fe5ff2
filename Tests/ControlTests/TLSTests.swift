import Foundation
import Notation
import Testing

@testable import Control

@Suite("Beyond this machine there is TLS")
struct TLSTests {
    func curl(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/curl")
        process.arguments = ["--silent", "--show-error", "--max-time", "10", "--include"] + arguments
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self)
    }

    @Test func withACertificateOfItsOwn() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("bothy-tls-\(getpid())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let own = try OwnCertificate(in: folder, names: ["localhost", "127.0.0.1"])
        #expect(try OwnCertificate(in: folder, names: ["other"]).fingerprint == own.fingerprint, "made once")
        let mode = try FileManager.default.attributesOfItem(atPath: own.key)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let house = try House {
            $0.tcp = .init(address: "127.0.0.1", port: 0, certificate: own.certificate, key: own.key)
            $0.tcp?.fingerprint = OwnCertificate.text(own.fingerprint)
        }
        let page = try curl(["--cacert", own.certificate, "https://localhost:\(house.port)/"])
        #expect(page.hasPrefix("HTTP/1.1 200"), "\(page.prefix(300))")
        #expect(!(try curl(["http://localhost:\(house.port)/v1/status"])).contains("200 OK"))
        let made = try #require(house.local().ask("POST", "/v1/access/links", body: "{}"))
        let link = try JSONReader.read(made.body)
        #expect(link["url"]?.string?.hasPrefix("https://127.0.0.1:\(house.port)/#link=") == true)
        #expect(link["fingerprint"]?.string?.count == 95)
        let answer = try curl([
            "--cacert", own.certificate, "--header", "X-Bothy: 1", "--header", "Content-Type: application/json",
            "--data",
            #"{"link":"\#(link["secret"]?.string ?? "")"}"#, "https://localhost:\(house.port)/v1/session",
        ])
        #expect(answer.contains("__Host-bothy=") && answer.contains("; Secure"), "\(answer)")
    }
}
