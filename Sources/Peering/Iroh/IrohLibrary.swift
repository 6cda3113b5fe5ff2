import CIroh
import Glibc
import Hashing
import System

/// Why there is no transport. The gateway then runs with peering off and says so.
public enum IrohAbsence: Error, Hashable, Sendable, CustomStringConvertible {
    case notFound(looked: [String])
    case notOurs(path: String, checksum: String)
    case writableByOthers(path: String)
    case unusable(path: String, why: String)
    case system(SystemFailure)

    public var description: String {
        switch self {
        case .notFound(let looked):
            "peering is off: libiroh_ffi.so is not in \(looked.joined(separator: ", ")). Config/fetch-iroh gets it."
        case .notOurs(let path, let checksum):
            "peering is off: \(path) is not the pinned library (its SHA-256 is \(checksum)). Config/fetch-iroh gets the right one."
        case .writableByOthers(let path):
            "peering is off: \(path) can be changed by others than its owner and root, so it is not loaded"
        case .unusable(let path, let why): "peering is off: \(path) does not load: \(why)"
        case .system(let failure): "peering is off: \(failure)"
        }
    }
}

/// The transport library, checked and loaded.
public struct IrohLibrary: @unchecked Sendable {  // because the table is filled once, before anybody sees it
    let api: bothy_iroh

    /// SHA-256 of the library in each wheel; Config/iroh.sha256 has the same.
    static let pinned: Set = [
        "93cacc4d2e3481c225f6de25599798ab1f221313a0ffd168fadf49cdc75ac7a1",
        "62c0e3216c1200f642ad32c3d38d891a9abe67cd9c77e22ddc14ecbaae9f3bc9",
    ]

    /// Where it may be, the first that exists counts.
    public static func places(environment: String? = nil) -> [String] {
        ["/usr/lib/bothy/libiroh_ffi.so"] + (environment.map { [$0] } ?? []) + [".build/iroh/libiroh_ffi.so"]
    }

    /// Finds, checks and loads the library. Reading and hashing 19 MB takes a while on a small board: do it after capture
    /// has started.
    public static func load() throws(IrohAbsence) -> IrohLibrary {
        if let loaded = loaded.withLock({ $0 }) { return loaded }
        let library = try load(from: places(environment: getenv("BOTHY_IROH_LIBRARY").map { String(cString: $0) }))
        loaded.withLock { $0 = library }
        return library
    }

    /// Once in a process: a library is never unloaded.
    private static let loaded = Locked<IrohLibrary?>(nil)
    private static let attempts = Locked<Int32>(0)

    static func load(from places: [String], pinned: Set<String> = pinned) throws(IrohAbsence) -> IrohLibrary {
        for path in places {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            if descriptor < 0 {
                if lastErrorCode == ENOENT { continue }
                throw .system(.last("open", path))
            }
            defer { close(descriptor) }
            try check(descriptor, path, pinned)
            // Through the descriptor that was checked: what lies under the name now may be something else. Its number is
            // a new one each time, because the loader takes a name it has seen before for the library it loaded then.
            let attempt = attempts.withLock { attempts in
                attempts += 1
                return attempts
            }
            let checked = fcntl(descriptor, F_DUPFD_CLOEXEC, 300 + attempt)
            guard checked >= 0 else { throw .system(.last("fcntl", path)) }
            defer { close(checked) }
            var why = [CChar](repeating: 0, count: 512)
            guard let table = bothy_iroh_load("/proc/self/fd/\(checked)", &why, why.count) else {
                let end = why.firstIndex(of: 0) ?? why.count
                throw .unusable(
                    path: path, why: String(decoding: why[..<end].map { UInt8(bitPattern: $0) }, as: UTF8.self))
            }
            return IrohLibrary(api: table.pointee)
        }
        throw .notFound(looked: places)
    }

    private static func check(_ descriptor: Int32, _ path: String, _ pinned: Set<String>) throws(IrohAbsence) {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw .system(.last("fstat", path)) }
        let ownerIsTrusted = status.st_uid == 0 || status.st_uid == geteuid()
        guard ownerIsTrusted, status.st_mode & 0o022 == 0 else { throw .writableByOthers(path: path) }
        guard status.st_size > 0, status.st_size < 256 << 20,
            let memory = mmap(nil, Int(status.st_size), PROT_READ, MAP_PRIVATE, descriptor, 0), memory != MAP_FAILED
        else { throw .unusable(path: path, why: "it is empty or too large") }
        defer { munmap(memory, Int(status.st_size)) }
        let digest = SHA256.hash(UnsafeRawBufferPointer(start: memory, count: Int(status.st_size)))
        let checksum = digest.bytes.map { byte in
            String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
        }.joined()
        guard pinned.contains(checksum) else { throw .notOurs(path: path, checksum: checksum) }
    }
}
