import CSodium
import Glibc
import Hashing
import Notation
import System

/// Why a key could not be read or kept.
public enum KeyFailure: Error, Hashable, Sendable, CustomStringConvertible {
    case system(SystemFailure)
    /// The file is there but is not what it should be. It is never overwritten: a new key would be a new gateway.
    case damaged(path: String, what: String)
    /// There is another key already.
    case taken(path: String, by: Bytes32)

    public var description: String {
        switch self {
        case .system(let failure): failure.description
        case .damaged(let path, let what):
            "\(path): \(what). Put it back from an export; without it this gateway is a new one."
        case .taken(let path, let key): "\(path) holds the key of \(KeyText.short(key)) already"
        }
    }
}

/// One key in one file: a title line, the serial where there is one, the seed and, as a check, the public key.
struct KeyFile {
    static let mostBytes = 512

    let path: String
    let title: String

    struct Content {
        var key: SigningKey
        var serial: UInt64
        /// Others than the owner could read the file; it has been narrowed to 0600.
        var wasExposed: Bool
    }

    /// Nil when there is no such file.
    func read() throws(KeyFailure) -> Content? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        if descriptor < 0 {
            if lastErrorCode == ENOENT { return nil }
            throw .system(.last("open", path))
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(.last("fstat", path)) }
        let exposed = status.st_mode & 0o077 != 0
        if exposed, fchmod(descriptor, 0o600) != 0 { throw .system(.last("fchmod", path)) }
        var bytes = [UInt8](repeating: 0, count: KeyFile.mostBytes)
        defer { sodium_memzero(&bytes, bytes.count) }
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw .system(.last("read", path)) }
        let (key, serial) = try parse(bytes[..<count])
        return Content(key: key, serial: serial, wasExposed: exposed)
    }

    /// Writes a key where there is none; false when somebody else was first. The file appears whole or not at all.
    func create(_ key: SigningKey, serial: UInt64) throws(KeyFailure) -> Bool {
        let draft = try write(key, serial: serial)
        defer { unlink(draft) }
        // link, not rename: it refuses to replace, even when two processes start at once.
        if link(draft, path) != 0 {
            if lastErrorCode == EEXIST { return false }
            throw .system(.last("link", path))
        }
        try syncFolder()
        return true
    }

    /// Puts another key in place of the one that is there, which is kept under `retired` where that is given.
    func replace(with key: SigningKey, serial: UInt64, retired: String? = nil) throws(KeyFailure) {
        let draft = try write(key, serial: serial)
        if let retired, link(path, retired) != 0, lastErrorCode != ENOENT {
            let failure = SystemFailure.last("link", retired)
            unlink(draft)
            throw .system(failure)
        }
        guard rename(draft, path) == 0 else {
            let failure = SystemFailure.last("rename", path)
            unlink(draft)
            throw .system(failure)
        }
        try syncFolder()
    }

    /// A synced file of mode 0600 beside the one meant; returns its path.
    private func write(_ key: SigningKey, serial: UInt64) throws(KeyFailure) -> String {
        let draft = "\(path).\(Base32.encode(SystemRandom.bytes(10)).lowercased())"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .system(.last("open", draft)) }
        var text = Array("\(title)\nserial \(serial)\nseed ".utf8)
        text.append(contentsOf: key.withSeed { Base32.encode($0).utf8 })
        text.append(contentsOf: "\npublic \(Base32.encode(key.publicKey.bytes))\n".utf8)
        defer { sodium_memzero(&text, text.count) }
        let written = Glibc.write(descriptor, text, text.count)
        if written != text.count || fsync(descriptor) != 0 {
            let failure = SystemFailure.last("write", draft)
            close(descriptor)
            unlink(draft)
            throw .system(failure)
        }
        close(descriptor)
        return draft
    }

    private func syncFolder() throws(KeyFailure) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let descriptor = open(folder.isEmpty ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .system(.last("open", folder)) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .system(.last("fsync", folder)) }
    }

    private func parse(_ bytes: ArraySlice<UInt8>) throws(KeyFailure) -> (SigningKey, UInt64) {
        let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
        func damaged(_ what: String) -> KeyFailure { .damaged(path: path, what: what) }
        guard lines.count == 5, lines[4].isEmpty else { throw damaged("cut short, or not a key file") }
        guard lines[0].elementsEqual(title.utf8) else { throw damaged("does not begin with “\(title)”") }
        func field(_ line: ArraySlice<UInt8>, _ name: String) throws(KeyFailure) -> Substring {
            let prefix = Array((name + " ").utf8)
            guard line.starts(with: prefix) else { throw damaged("the line “\(name)” is missing") }
            return Substring(decoding: line.dropFirst(prefix.count), as: UTF8.self)
        }
        guard let serial = UInt64(try field(lines[1], "serial")) else { throw damaged("its serial is no number") }
        guard var seed = Base32.decode(try field(lines[2], "seed")), seed.count == SigningKey.seedCount,
            let publicKey = KeyText.parse(try field(lines[3], "public"))
        else { throw damaged("its key does not read") }
        defer { sodium_memzero(&seed, seed.count) }
        let key = seed.withUnsafeBytes { SigningKey(seed: $0) }
        guard key.publicKey == publicKey else { throw damaged("its two halves do not belong together") }
        return (key, serial)
    }
}
