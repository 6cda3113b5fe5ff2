import Glibc

/// The addresses of this machine's interfaces.
enum LocalAddresses {
    struct Six: Hashable {
        /// With the interface's number where it is link-local: `fe80::1%2`.
        var host: String
        var isLinkLocal: Bool
    }

    /// IPv6 addresses of interfaces that are up, without the loopback.
    static func sixes() -> [Six] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [] }
        defer { freeifaddrs(list) }
        var found: [Six] = []
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            guard entry.ifa_flags & UInt32(IFF_UP) != 0, entry.ifa_flags & UInt32(IFF_LOOPBACK) == 0,
                let address = entry.ifa_addr, Int32(address.pointee.sa_family) == AF_INET6
            else { continue }
            address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { pointer in
                var bytes = pointer.pointee.sin6_addr
                var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
                inet_ntop(AF_INET6, &bytes, &text, socklen_t(text.count))
                let host = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
                let scope = pointer.pointee.sin6_scope_id
                found.append(Six(host: scope == 0 ? host : "\(host)%\(scope)", isLinkLocal: scope != 0))
            }
        }
        return found
    }

    /// Where the transport listens when nobody says where, the first choice first. It forgets to which interface a
    /// link-local address belongs, so where a network gives out no IPv6 addresses, its one IPv6 socket is bound to the
    /// link-local one of the first interface: the kernel then knows. That is what makes two boxes meet on a bare switch.
    /// The second choice is for an address that is still being checked for duplicates, the last for a port that is taken.
    static func bindings(_ sixes: [Six], port: UInt16) -> [[String]] {
        let all = [["0.0.0.0:\(port)", "[::]:\(port)"], ["0.0.0.0:0", "[::]:0"]]
        guard !sixes.contains(where: { !$0.isLinkLocal }), let near = sixes.first else { return all }
        return [["0.0.0.0:\(port)", "[\(near.host)]:\(port)"]] + all
    }
}
