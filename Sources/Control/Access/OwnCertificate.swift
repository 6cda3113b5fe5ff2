import CCertificate
import System

/// The certificate the page has beyond this machine: made at its first use, and known by its fingerprint.
struct OwnCertificate: Sendable {
    var certificate: String
    var key: String
    /// SHA-256 of the certificate, as a browser shows it.
    var fingerprint: [UInt8]

    /// Takes the one in `folder`, or makes one for `names`: host names and addresses.
    init(in folder: String, names: [String]) throws(ControlFailure) {
        certificate = folder + "/page-certificate.pem"
        key = folder + "/page-key.pem"
        fingerprint = [UInt8](repeating: 0, count: 32)
        if bothy_certificate_fingerprint(certificate, &fingerprint) == 0 { return }
        let list = names.map { OwnCertificate.isAddress($0) ? "IP:\($0)" : "DNS:\($0)" }.joined(separator: ",")
        var status = bothy_certificate_make(certificate, key, list)
        if status == 0 { status = bothy_certificate_fingerprint(certificate, &fingerprint) }
        guard status == 0 else {
            throw ControlFailure(
                subject: certificate, reason: SystemFailure(code: status, call: "make the certificate").reason)
        }
    }

    private static func isAddress(_ name: String) -> Bool {
        name.contains(":") || name.allSatisfy { $0.isNumber || $0 == "." }
    }

    /// `7A:09:…`
    static func text(_ fingerprint: [UInt8]) -> String {
        fingerprint.map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return digits.count == 1 ? "0" + digits : digits
        }.joined(separator: ":")
    }
}
