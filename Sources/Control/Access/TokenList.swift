import Hashing
import Notation

/// The form in which tokens are kept over restarts.
enum TokenList {
    static func encode(_ tokens: [Access.Token]) -> [UInt8] {
        JSONWriter.compact(
            .array(
                tokens.map { token in
                    [
                        "id": JSON(token.id), "name": JSON(token.name), "scope": JSON(token.scope.name),
                        "hash": JSON(Hex.encode(token.hash.bytes)), "made": JSON(token.made),
                        "until": token.until.map { JSON($0) } ?? .null,
                    ]
                }))
    }

    /// What cannot be read gives no access.
    static func decode(_ bytes: [UInt8]) -> [Access.Token] {
        guard let value = try? JSONReader.read(bytes), let items = value.array else { return [] }
        return items.compactMap { item in
            guard let id = item["id"]?.string, let name = item["name"]?.string,
                let scope = item["scope"]?.string.flatMap(Scope.init(name:)), let made = item["made"]?.integer,
                let hash = item["hash"]?.string.flatMap({ Hex.decode($0) }).flatMap({ Bytes32($0) })
            else { return nil }
            return Access.Token(
                id: id, name: name, scope: scope, hash: hash, made: made, until: item["until"]?.integer)
        }
    }
}
