import CSQLite
import CSodium
import CYAML
import CZlib

/// What this build is.
enum Version {
    static let text = "0.1.0"

    static func libraries() -> [(name: String, version: String)] {
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        yaml_get_version(&major, &minor, &patch)
        return [
            ("sqlite", String(cString: sqlite3_libversion())), ("libsodium", String(cString: sodium_version_string())),
            ("libyaml", "\(major).\(minor).\(patch)"), ("zlib", String(cString: zlibVersion())),
        ]
    }
}
