import Foundation
import Testing

/// A small file system of its own, which takes root to mount.
final class ScratchDisk {
    struct NeedsRoot: Error, CustomStringConvertible {
        var description: String { "this test mounts a small tmpfs, so it has to run as root" }
    }

    let path: String

    init(bytes: Int) throws {
        guard geteuid() == 0 else { throw NeedsRoot() }
        path = NSTemporaryDirectory() + "bothy-disk-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try ScratchDisk.mount(["-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", path])
    }

    deinit {
        try? ScratchDisk.run("umount", ["-l", path])
        try? FileManager.default.removeItem(atPath: path)
    }

    func file(_ name: String) -> String { path + "/" + name }

    func remount(readOnly: Bool) throws {
        try ScratchDisk.mount(["-o", readOnly ? "remount,ro" : "remount,rw", path])
    }

    private static func mount(_ arguments: [String]) throws { try run("mount", arguments) }

    private static func run(_ program: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [program] + arguments
        try process.run()
        process.waitUntilExit()
        try #require(process.terminationStatus == 0, "\(program) \(arguments) failed")
    }
}
