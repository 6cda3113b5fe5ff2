import CSodium
import Hashing
import System

/// The two keys of a gateway, kept as files of mode 0600 in its state folder.
public struct KeyFolder: Sendable {
    public let path: String

    public init(path: String) { self.path = path }

    private var identityFile: KeyFile { KeyFile(path: path + "/identity.key", title: "bothy identity key 1") }
    private var endpointFile: KeyFile { KeyFile(path: path + "/endpoint.key", title: "bothy endpoint key 1") }

    /// A key and how it came.
    public struct Found<Key: Sendable>: Sendable {
        public var key: Key
        /// Made just now.
        public var isNew: Bool
        /// Others could read its file until now: worth a warning, and a new key if the machine is shared.
        public var wasExposed: Bool
    }

    /// The identity, made at the first start and the same ever after.
    public func identity() throws(KeyFailure) -> Found<IdentityKey> {
        let found = try findOrMake(identityFile)
        return Found(key: IdentityKey(found.key), isNew: found.isNew, wasExposed: found.wasExposed)
    }

    /// The identity, if there is one.
    public func existingIdentity() throws(KeyFailure) -> IdentityKey? {
        try identityFile.read().map { IdentityKey($0.key) }
    }

    /// The endpoint key, made when peering first starts.
    public func endpoint() throws(KeyFailure) -> Found<EndpointKey> {
        let found = try findOrMake(endpointFile)
        return Found(
            key: EndpointKey(found.key, serial: found.serial), isNew: found.isNew, wasExposed: found.wasExposed)
    }

    /// A new endpoint key with the next serial. After a clone alarm, the box that adopts the identity does this: peers
    /// follow the later serial, and the other copy is the one that stays outside.
    public func adoptIdentity() throws(KeyFailure) -> EndpointKey {
        let last = try endpointFile.read()?.serial ?? 0
        let key = KeyFolder.draw()
        try endpointFile.replace(with: key, serial: last + 1)
        return EndpointKey(key, serial: last + 1)
    }

    /// A new identity: from the next start on this is another gateway. The old key is kept beside it, under its short id,
    /// because records signed with it may still have to be explained.
    public func renewIdentity() throws(KeyFailure) -> IdentityKey {
        let key = KeyFolder.draw()
        try install(key, endpointSerial: 1)
        return IdentityKey(key)
    }

    /// Makes this box the gateway that was exported. A different identity that is here already is only replaced, and then
    /// kept aside, when `replacing` says so.
    public func adopt(_ export: KeyExport, replacing: Bool) throws(KeyFailure) {
        if let present = try identityFile.read(), present.key.publicKey != export.identity.id, !replacing {
            throw .taken(path: identityFile.path, by: present.key.publicKey)
        }
        let later = max(export.endpointSerial, try endpointFile.read()?.serial ?? 0) + 1
        try install(export.identity.key, endpointSerial: later)
    }

    /// What `bothy identity export` seals.
    public func export() throws(KeyFailure) -> KeyExport? {
        guard let identity = try existingIdentity() else { return nil }
        return KeyExport(identity: identity, endpointSerial: try endpointFile.read()?.serial ?? 0)
    }

    private func install(_ key: SigningKey, endpointSerial: UInt64) throws(KeyFailure) {
        let present = try identityFile.read()?.key.publicKey
        if present != key.publicKey {
            let retired = present.map { "\(identityFile.path).retired-\(KeyText.short($0))" }
            try identityFile.replace(with: key, serial: 0, retired: retired)
        }
        try endpointFile.replace(with: KeyFolder.draw(), serial: endpointSerial)
    }

    private func findOrMake(_ file: KeyFile) throws(KeyFailure)
        -> (key: SigningKey, serial: UInt64, isNew: Bool, wasExposed: Bool)
    {
        for _ in 0..<2 {
            if let found = try file.read() { return (found.key, found.serial, false, found.wasExposed) }
            let key = KeyFolder.draw()
            if try file.create(key, serial: 1) { return (key, 1, true, false) }
            // Another process was first: its key counts.
        }
        throw .damaged(path: file.path, what: "appears and disappears")
    }

    static func draw() -> SigningKey {
        var seed = SystemRandom.bytes(SigningKey.seedCount)
        defer { sodium_memzero(&seed, seed.count) }
        return seed.withUnsafeBytes { SigningKey(seed: $0) }
    }
}
