import Foundation
import Hashing
import System
import Testing

@testable import Identity

/// A folder that goes away with the test.
final class Scratch {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "bothy-identity-\(UInt64.random(in: 0...UInt64.max))"
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }

    func mode(_ name: String) -> Int {
        let attributes = try? FileManager.default.attributesOfItem(atPath: file(name))
        return (attributes?[.posixPermissions] as? NSNumber)?.intValue ?? -1
    }

    var names: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted() }
}

@Suite struct KeyFolderTests {
    let scratch = Scratch()
    var folder: KeyFolder { KeyFolder(path: scratch.path) }

    @Test func theIdentityIsMadeOnceAndStaysTheSame() throws {
        #expect(try folder.existingIdentity() == nil)
        let first = try folder.identity()
        let second = try folder.identity()
        #expect(first.isNew && !second.isNew)
        #expect(first.key.id == second.key.id)
        #expect(scratch.mode("identity.key") == 0o600)
        #expect(scratch.names == ["identity.key"], "no draft is left")
    }

    @Test func twoStartsAtOnceAgreeOnOneKey() throws {
        let path = scratch.path
        let ids = Locked<Set<Bytes32>>([])
        let made = Locked(0)
        DispatchQueue.concurrentPerform(iterations: 16) { _ in
            guard let found = try? KeyFolder(path: path).identity() else { return }
            ids.withLock { _ = $0.insert(found.key.id) }
            made.withLock { $0 += found.isNew ? 1 : 0 }
        }
        #expect(ids.withLock { $0.count } == 1)
        #expect(made.withLock { $0 } == 1)
        #expect(scratch.names == ["identity.key"])
    }

    @Test func aDamagedFileIsNamedAndNeverReplaced() throws {
        _ = try folder.identity()
        let whole = try Data(contentsOf: URL(fileURLWithPath: scratch.file("identity.key")))
        for count in 0..<whole.count {
            try whole.prefix(count).write(to: URL(fileURLWithPath: scratch.file("identity.key")))
            #expect(throws: KeyFailure.self) { try folder.identity() }
            #expect(try Data(contentsOf: URL(fileURLWithPath: scratch.file("identity.key"))) == whole.prefix(count))
        }
        var swapped = whole
        let seedStart = whole.range(of: Data("seed ".utf8))!.upperBound
        swapped[seedStart] = swapped[seedStart] == 65 ? 66 : 65
        try swapped.write(to: URL(fileURLWithPath: scratch.file("identity.key")))
        #expect {
            try folder.identity()
        } throws: {
            "\($0)".contains("do not belong together") && "\($0)".contains(scratch.path)
        }
    }

    @Test func aFileOthersCouldReadIsNarrowedAndSaid() throws {
        _ = try folder.identity()
        chmod(scratch.file("identity.key"), 0o644)
        #expect(try folder.identity().wasExposed)
        #expect(scratch.mode("identity.key") == 0o600)
        #expect(try !folder.identity().wasExposed)
    }

    @Test func adoptingKeepsTheIdentityAndTakesALaterEndpoint() throws {
        let identity = try folder.identity().key
        let endpoint = try folder.endpoint().key
        let next = try folder.adoptIdentity()
        #expect(endpoint.serial == 1 && next.serial == 2 && endpoint.id != next.id)
        #expect(try folder.endpoint().key.id == next.id)
        #expect(try folder.identity().key.id == identity.id)
    }

    @Test func renewingMakesAnotherGatewayAndKeepsTheOldKeyAside() throws {
        let old = try folder.identity().key
        let oldEndpoint = try folder.endpoint().key
        let new = try folder.renewIdentity()
        #expect(new.id != old.id)
        #expect(try folder.identity().key.id == new.id)
        #expect(try folder.endpoint().key.id != oldEndpoint.id)
        let retired = "identity.key.retired-\(KeyText.short(old.id))"
        #expect(scratch.names == ["endpoint.key", "identity.key", retired])
        #expect(scratch.mode(retired) == 0o600)
    }

    @Test func anExportMovesAGatewayToAnotherBox() throws {
        let identity = try folder.identity().key
        _ = try folder.endpoint()
        let passphrase = Passphrase(Array("correct horse".utf8))
        let sealed = try folder.export()!.sealed(under: passphrase, cost: .init(rounds: 1, memoryKiB: 64))
        #expect(sealed.count == KeyExport.count)

        let other = Scratch()
        let target = KeyFolder(path: other.path)
        let export = try KeyExport(opening: sealed, with: Passphrase(Array("correct horse".utf8)))
        try target.adopt(export, replacing: false)
        #expect(try target.identity().key.id == identity.id)
        #expect(try target.endpoint().key.serial == 2)

        let third = Scratch()
        let taken = try KeyFolder(path: third.path).identity().key
        #expect(throws: KeyFailure.taken(path: third.file("identity.key"), by: taken.id)) {
            try KeyFolder(path: third.path).adopt(export, replacing: false)
        }
        try KeyFolder(path: third.path).adopt(export, replacing: true)
        #expect(try KeyFolder(path: third.path).identity().key.id == identity.id)
        #expect(third.names.contains("identity.key.retired-\(KeyText.short(taken.id))"))
    }

    @Test func anExportOpensOnlyWholeAndWithItsPassphrase() throws {
        _ = try folder.identity()
        let passphrase = Passphrase(Array("correct horse".utf8))
        let sealed = try folder.export()!.sealed(under: passphrase, cost: .init(rounds: 1, memoryKiB: 64))
        #expect(throws: KeyExport.Failure.doesNotOpen) {
            try KeyExport(opening: sealed, with: Passphrase(Array("correct hors".utf8)))
        }
        for index in [8, 9, 13, 17, 33, 60, sealed.count - 1] {
            var changed = sealed
            changed[index] ^= 0x80
            #expect(throws: KeyExport.Failure.self) { try KeyExport(opening: changed, with: passphrase) }
        }
        var costly = sealed
        costly[16] = 0x7F
        #expect(throws: KeyExport.Failure.tooCostly) { try KeyExport(opening: costly, with: passphrase) }
        #expect(throws: KeyExport.Failure.notAnExport) {
            try KeyExport(opening: Array(sealed.dropLast()), with: passphrase)
        }
        #expect(throws: KeyExport.Failure.passphraseTooShort) {
            try folder.export()!.sealed(under: Passphrase(Array("short".utf8)))
        }
    }

    @Test func aPassphraseIsTheFirstLineOfItsFile() throws {
        let path = scratch.file("passphrase")
        try Data("tröstlich lang\r\nsecond".utf8).write(to: URL(fileURLWithPath: path))
        let passphrase = try Passphrase.read(from: path)
        #expect(passphrase.withBytes { Array($0) } == Array("tröstlich lang".utf8))
        try Data(count: 5000).write(to: URL(fileURLWithPath: path))
        #expect(throws: Passphrase.Failure.tooLong) { try Passphrase.read(from: path) }
    }
}

@Suite struct HardwareFingerprintTests {
    private func machine(_ scratch: Scratch, id: String, serial: String, address: String) throws -> HardwareFingerprint
    {
        let files = [
            "etc/machine-id": id + "\n", "sys/firmware/devicetree/base/serial-number": serial + "\0",
            "sys/class/net/eth0/address": address + "\n", "sys/class/net/eth0/addr_assign_type": "0\n",
            "sys/class/net/eth0/device": "", "sys/class/net/veth1/address": "\(UInt64.random(in: 0...99))\n",
            "sys/class/net/veth1/addr_assign_type": "3\n",
        ]
        for (name, text) in files {
            let url = URL(fileURLWithPath: scratch.file(name))
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        return withExtendedLifetime(scratch) { HardwareFingerprint.read(root: scratch.path) }
    }

    @Test func aCopiedCardShowsByBoardAndNetworkAndAReinstallByNeither() throws {
        let box = try machine(Scratch(), id: "one", serial: "1000abcd", address: "b8:27:eb:00:00:01")
        let again = try machine(Scratch(), id: "one", serial: "1000abcd", address: "b8:27:eb:00:00:01")
        let clone = try machine(Scratch(), id: "one", serial: "1000ffff", address: "b8:27:eb:00:00:02")
        #expect(box == again && box.digest == again.digest)
        #expect(box.installation == clone.installation && box.board != clone.board && box.network != clone.network)
        #expect(box.digest != clone.digest)
    }

    @Test func aMachineThatTellsNothingHasAFingerprintAllTheSame() {
        let scratch = Scratch()
        let bare = HardwareFingerprint.read(root: scratch.path)
        #expect(bare.installation == nil && bare.board == nil && bare.network == nil)
        #expect(bare.digest == HardwareFingerprint.read(root: scratch.path).digest)
    }
}
