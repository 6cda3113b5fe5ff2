import CSodium
import Hashing
import System

/// A gateway's identity outside its box: what `bothy identity export` writes, sealed under a passphrase.
public struct KeyExport: Sendable {
    public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        case notAnExport
        case unknownVersion(UInt8)
        /// The file asks for more memory or time than is given here.
        case tooCostly
        /// The passphrase is wrong or the file was changed: which of the two cannot be told.
        case doesNotOpen
        case passphraseTooShort

        public var description: String {
            switch self {
            case .notAnExport: "this is not an exported identity"
            case .unknownVersion(let version): "an exported identity of version \(version), which is not known here"
            case .tooCostly: "the export asks for more than 512 MiB or 16 rounds to open"
            case .doesNotOpen: "the passphrase is wrong, or the file was changed"
            case .passphraseTooShort: "a passphrase has at least \(Passphrase.leastBytes) characters"
            }
        }
    }

    /// What guessing one passphrase costs.
    struct Cost {
        var rounds: UInt32
        var memoryKiB: UInt32
        /// A third of a second on a small board, in memory every one of them has.
        static let normal = Cost(rounds: 3, memoryKiB: 65_536)
        static let most = Cost(rounds: 16, memoryKiB: 524_288)
    }

    public let identity: IdentityKey
    /// The serial of the endpoint key at the time; whoever imports takes a later one.
    public let endpointSerial: UInt64

    private static let magic = Array("bothykey".utf8)
    private static let saltCount = Int(crypto_pwhash_SALTBYTES)
    private static let headerCount = Int(crypto_secretstream_xchacha20poly1305_HEADERBYTES)
    private static let plainCount = 8 + SigningKey.seedCount
    /// magic 8 · version 1 · rounds 4 · KiB 4 · salt 16 · stream header 24 · one sealed message; numbers low byte first
    private static let openCount = 8 + 1 + 4 + 4 + saltCount
    public static let count = openCount + headerCount + plainCount + Int(crypto_secretstream_xchacha20poly1305_ABYTES)

    public func sealed(under passphrase: Passphrase) throws(Failure) -> [UInt8] {
        try sealed(under: passphrase, cost: .normal)
    }

    func sealed(under passphrase: Passphrase, cost: Cost) throws(Failure) -> [UInt8] {
        guard passphrase.count >= Passphrase.leastBytes else { throw .passphraseTooShort }
        let salt = SystemRandom.bytes(KeyExport.saltCount)
        var out = KeyExport.magic + [1]
        for number in [cost.rounds, cost.memoryKiB] {
            withUnsafeBytes(of: number.littleEndian) { out.append(contentsOf: $0) }
        }
        out += salt
        var key = try KeyExport.key(from: passphrase, salt: salt, cost: cost)
        var plain = withUnsafeBytes(of: endpointSerial.littleEndian) { Array($0) }
        identity.key.withSeed { plain.append(contentsOf: $0) }
        defer {
            sodium_memzero(&key, key.count)
            sodium_memzero(&plain, plain.count)
        }
        var state = crypto_secretstream_xchacha20poly1305_state()
        var header = [UInt8](repeating: 0, count: KeyExport.headerCount)
        crypto_secretstream_xchacha20poly1305_init_push(&state, &header, key)
        var message = [UInt8](
            repeating: 0, count: plain.count + Int(crypto_secretstream_xchacha20poly1305_ABYTES))
        crypto_secretstream_xchacha20poly1305_push(
            &state, &message, nil, plain, UInt64(plain.count), out, UInt64(out.count), KeyExport.finalTag)
        return out + header + message
    }

    public init(opening bytes: [UInt8], with passphrase: Passphrase) throws(Failure) {
        guard bytes.count == KeyExport.count, bytes.starts(with: KeyExport.magic) else { throw .notAnExport }
        guard bytes[8] == 1 else { throw .unknownVersion(bytes[8]) }
        func number(at index: Int) -> UInt32 { bytes[index..<index + 4].reversed().reduce(0) { $0 << 8 | UInt32($1) } }
        let cost = Cost(rounds: number(at: 9), memoryKiB: number(at: 13))
        guard (1...Cost.most.rounds).contains(cost.rounds), (8...Cost.most.memoryKiB).contains(cost.memoryKiB)
        else { throw .tooCostly }
        let open = Array(bytes[..<KeyExport.openCount])
        var key = try KeyExport.key(from: passphrase, salt: Array(open.suffix(KeyExport.saltCount)), cost: cost)
        var plain = [UInt8](repeating: 0, count: KeyExport.plainCount)
        defer {
            sodium_memzero(&key, key.count)
            sodium_memzero(&plain, plain.count)
        }
        var state = crypto_secretstream_xchacha20poly1305_state()
        let header = Array(bytes[KeyExport.openCount..<KeyExport.openCount + KeyExport.headerCount])
        let message = Array(bytes[(KeyExport.openCount + KeyExport.headerCount)...])
        var tag: UInt8 = 0
        guard crypto_secretstream_xchacha20poly1305_init_pull(&state, header, key) == 0,
            crypto_secretstream_xchacha20poly1305_pull(
                &state, &plain, nil, &tag, message, UInt64(message.count), open, UInt64(open.count)) == 0,
            tag == KeyExport.finalTag
        else { throw .doesNotOpen }
        endpointSerial = plain[..<8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
        identity = IdentityKey(plain[8...].withUnsafeBytes { SigningKey(seed: $0) })
    }

    init(identity: IdentityKey, endpointSerial: UInt64) {
        self.identity = identity
        self.endpointSerial = endpointSerial
    }

    private static let finalTag = UInt8(crypto_secretstream_xchacha20poly1305_tag_final())

    private static func key(from passphrase: Passphrase, salt: [UInt8], cost: Cost) throws(Failure) -> [UInt8] {
        guard passphrase.count > 0 else { throw .doesNotOpen }
        var key = [UInt8](repeating: 0, count: Int(crypto_secretstream_xchacha20poly1305_KEYBYTES))
        let status = passphrase.withBytes { bytes in
            crypto_pwhash(
                &key, UInt64(key.count), bytes.baseAddress!.assumingMemoryBound(to: CChar.self), UInt64(bytes.count),
                salt, UInt64(cost.rounds), Int(cost.memoryKiB) << 10, crypto_pwhash_alg_argon2id13())
        }
        // The only reason to fail is memory.
        guard status == 0 else { throw .tooCostly }
        return key
    }
}
