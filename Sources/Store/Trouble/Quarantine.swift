import Glibc
import System

/// Puts a damaged file aside, with its log, so that a fresh one can take its place and somebody may look at it later.
enum Quarantine {
    /// Older ones make room: a device that damages files would fill itself with the evidence.
    static let mostKept = 2

    static func putAside(_ path: String) throws(StoreError) -> String {
        let target = path + ".damaged"
        for number in stride(from: mostKept, through: 1, by: -1) {
            let from = number == 1 ? target : "\(target).\(number)"
            if number == mostKept { unlink(from) } else { rename(from, "\(target).\(number + 1)") }
        }
        guard rename(path, target) == 0 else { throw StoreError(.last("rename", path)) }
        rename(path + "-wal", target + "-wal")
        unlink(path + "-shm")
        return target
    }

    static func remove(_ path: String) throws(StoreError) {
        for name in [path, path + "-wal", path + "-shm", path + "-journal"] {
            if unlink(name) != 0, lastErrorCode != ENOENT { throw StoreError(.last("unlink", name)) }
        }
    }
}
