import Hashing
import Notation

/// The form in which tokens and sessions are kept over restarts of the daemon: hashes, so that who reads it gets no access.
/// Sessions end with the boot, whose clock measures them.
enum KeptAccess {
    static func encode(_ access: Access, boot: String) -> [UInt8] {
        let tokens = access.tokens.values.sorted { $0.id < $1.id }.map { token -> JSON in
            [
                "id": JSON(token.id), "name": JSON(token.name), "scope": JSON(token.scope.name),
                "hash": JSON(Hex.encode(token.hash.bytes)), "made": JSON(token.made),
                "until": token.until.map { JSON($0) } ?? .null,
            ]
        }
        let sessions = access.sessions.sorted { $0.value.id < $1.value.id }.map { hash, session -> JSON in
            [
                "id": JSON(session.id), "scope": JSON(session.scope.name), "hash": JSON(Hex.encode(hash.bytes)),
                "made": JSON(session.made), "seen": JSON(session.seen), "from": JSON(session.from),
                "agent": JSON(session.agent),
            ]
        }
        return JSONWriter.compact([
            "boot": JSON(boot), "tokens": .array(tokens), "sessions": .array(sessions),
        ])
    }

    /// Adds to `access` what was kept. What cannot be read gives no access.
    static func restore(_ bytes: [UInt8], boot: String, into access: inout Access) {
        guard let value = try? JSONReader.read(bytes) else { return }
        for item in value["tokens"]?.array ?? [] {
            guard let (id, scope, hash, made) = common(item), let name = item["name"]?.string else { continue }
            access.restore(
                Access.Token(id: id, name: name, scope: scope, hash: hash, made: made, until: item["until"]?.integer))
        }
        guard value["boot"]?.string == boot else { return }
        for item in value["sessions"]?.array ?? [] {
            guard let (id, scope, hash, made) = common(item), let seen = item["seen"]?.integer else { continue }
            access.restore(
                Access.Session(
                    id: id, scope: scope, made: made, seen: seen, from: item["from"]?.string ?? "",
                    agent: item["agent"]?.string ?? ""), hash: hash)
        }
    }

    private static func common(_ item: JSON) -> (id: String, scope: Scope, hash: Bytes32, made: Int64)? {
        guard let id = item["id"]?.string, let scope = item["scope"]?.string.flatMap(Scope.init(name:)),
            let hash = item["hash"]?.string.flatMap({ Hex.decode($0) }).flatMap({ Bytes32($0) }),
            let made = item["made"]?.integer
        else { return nil }
        return (id, scope, hash, made)
    }
}
