import Glibc

/// Addresses as the transport writes them: `192.0.2.1:4433`, `[2001:db8::1]:4433`.
enum HostAndPort {
    static func host(of address: String) -> String {
        guard let colon = address.lastIndex(of: ":") else { return address }
        return address[..<colon].filter { $0 != "[" && $0 != "]" }.split(separator: "%").first.map(String.init) ?? ""
    }

    /// 4 or 16 bytes; nil for what is no address. IPv4 in IPv6 counts as IPv4.
    static func bytes(ofHost host: String) -> [UInt8]? {
        var four = in_addr()
        if inet_pton(AF_INET, host, &four) == 1 { return withUnsafeBytes(of: four) { Array($0) } }
        var sixteen = in6_addr()
        guard inet_pton(AF_INET6, host, &sixteen) == 1 else { return nil }
        let bytes = withUnsafeBytes(of: sixteen) { Array($0) }
        let mapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 255 && bytes[11] == 255
        return mapped ? Array(bytes[12...]) : bytes
    }

    /// The /24 or /64 an address is in.
    static func network(of address: String) -> [UInt8]? {
        bytes(ofHost: host(of: address)).map { Array($0.prefix($0.count == 4 ? 3 : 8)) }
    }

    /// Whether an address is of this machine or of a local network.
    static func isLocal(_ address: String) -> Bool {
        guard let bytes = bytes(ofHost: host(of: address)) else { return false }
        if bytes.count == 4 {
            return switch (bytes[0], bytes[1]) {
            case (10, _), (127, _), (192, 168), (169, 254): true
            case (172, 16...31): true
            default: false
            }
        }
        let isLoopback = bytes[..<15].allSatisfy { $0 == 0 } && bytes[15] == 1
        return isLoopback || bytes[0] & 0xFE == 0xFC || (bytes[0] == 0xFE && bytes[1] & 0xC0 == 0x80)
    }
}
