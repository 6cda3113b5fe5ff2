import Hashing
import Identity

/// The first frame each side sends on the control stream. Its beginning, up to the versions, never changes, so that
/// programs that share no version can still say so.
struct Hello: Hashable, Sendable {
    static let magic = Array("BOTHY".utf8)
    /// The versions of the protocol this program speaks.
    static let versions: ClosedRange<UInt16> = 1...1

    var least: UInt16
    var greatest: UInt16
    /// Bits for things a side can do; unknown ones are passed over.
    var features: UInt64
    /// Drawn at each start of the program: tells a restarted peer from one that dials twice.
    var session: UInt64
    var cert: EndpointCert
    /// Name and version of the program, for people.
    var program: String
    /// Where the sender sees the receiver: what a peer behind a router cannot know by itself.
    var observed: String

    static let mostProgramBytes = 64
    static let mostAddressBytes = 64

    var body: [UInt8] {
        var out = WireWriter()
        out.raw(Hello.magic)
        out.integer(least)
        out.integer(greatest)
        out.integer(features)
        out.integer(session)
        out.raw(cert.bytes)
        out.text(program, most: Hello.mostProgramBytes)
        out.text(observed, most: Hello.mostAddressBytes)
        return out.bytes
    }

    enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
        case malformed(WireFailure)
        case noHello
        /// The two share no version of the protocol.
        case version(theirs: ClosedRange<UInt16>)
        case cert(EndpointCert.Failure)

        var description: String {
            switch self {
            case .malformed(let failure): "hello: \(failure)"
            case .noHello: "no hello"
            case .version(let theirs):
                "speaks protocol \(theirs.lowerBound) to \(theirs.upperBound), this program "
                    + "\(Hello.versions.lowerBound) to \(Hello.versions.upperBound)"
            case .cert(let failure): "hello: \(failure)"
            }
        }
    }

    init(
        features: UInt64, session: UInt64, cert: EndpointCert, program: String, observed: String,
        versions: ClosedRange<UInt16> = Hello.versions
    ) {
        (least, greatest) = (versions.lowerBound, versions.upperBound)
        self.features = features
        self.session = session
        self.cert = cert
        self.program = program
        self.observed = observed
    }

    /// Reads a hello and checks the certificate's signature. What follows the known fields is passed over: later versions
    /// may add to it.
    init(reading body: [UInt8]) throws(Failure) {
        var reader = WireReader(body)
        let read: (ArraySlice<UInt8>, UInt16, UInt16)
        do {
            read = (
                try reader.raw(Hello.magic.count, "magic"), try reader.integer(UInt16.self, "versions"),
                try reader.integer(UInt16.self, "versions")
            )
        } catch { throw .malformed(error) }
        guard read.0.elementsEqual(Hello.magic) else { throw .noHello }
        guard read.1 <= read.2 else { throw .malformed(reader.failure("versions the wrong way round")) }
        guard Hello.versions.overlaps(read.1...read.2) else { throw .version(theirs: read.1...read.2) }
        (least, greatest) = (read.1, read.2)
        let certificate: ArraySlice<UInt8>
        do {
            features = try reader.integer(UInt64.self, "features")
            session = try reader.integer(UInt64.self, "session")
            certificate = try reader.raw(EndpointCert.count, "certificate")
            program = try reader.text(most: Hello.mostProgramBytes, "program")
            observed = try reader.text(most: Hello.mostAddressBytes, "observed address")
        } catch { throw .malformed(error) }
        do { cert = try EndpointCert(verifying: Array(certificate)) } catch { throw .cert(error) }
    }

    /// The version both speak.
    var agreed: UInt16 { min(greatest, Hello.versions.upperBound) }
}

/// Why a connection is closed: the code of the close, and a sentence as its reason.
public enum Goodbye: UInt32, Sendable, CaseIterable {
    case leaving = 1
    case notTrusted = 2
    case version = 3
    case malformed = 4
    case duplicate = 5
    case silent = 6
    case slowReader = 7
    case staleEndpoint = 8
    case busy = 9
    case untrusted = 10

    public var sentence: String {
        switch self {
        case .leaving: "is leaving"
        case .notTrusted: "does not know us"
        case .version: "speaks another version of the protocol"
        case .malformed: "got bytes it could not read"
        case .duplicate: "has another connection with us"
        case .silent: "did not hear from us"
        case .slowReader: "found us too slow to read"
        case .staleEndpoint: "knows a later endpoint of this identity"
        case .busy: "has no room for another connection"
        case .untrusted: "no longer trusts us"
        }
    }

    /// The same where it was decided here.
    public var sentenceHere: String {
        switch self {
        case .leaving: "this gateway is leaving"
        case .notTrusted: "it is not known here"
        case .version: "it speaks another version of the protocol"
        case .malformed: "it sent bytes that do not read"
        case .duplicate: "a newer connection took its place"
        case .silent: "it was silent"
        case .slowReader: "it was too slow to read"
        case .staleEndpoint: "a later endpoint of it is known"
        case .busy: "there is no room for another connection"
        case .untrusted: "it is no longer trusted"
        }
    }

    /// What the other side said when it closed, from the transport's words; nil when it said nothing of ours.
    static func said(in text: String) -> (Goodbye, String)? {
        guard text.hasPrefix("closed by peer: "), text.hasSuffix(")"),
            let open = text.lastIndex(of: "("), text[open...].hasPrefix("(code "),
            let code = UInt32(text[open...].dropFirst(6).dropLast()), let goodbye = Goodbye(rawValue: code)
        else { return nil }
        let sentence = text[..<open].dropFirst(16)
        return (goodbye, sentence.hasSuffix(" ") ? String(sentence.dropLast()) : String(sentence))
    }
}
