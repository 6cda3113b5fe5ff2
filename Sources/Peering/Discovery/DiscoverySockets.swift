import Glibc
import System

/// UDP on the local network: multicast to all, packets to one. For each family two sockets: one at the common port, which
/// several gateways of a machine share, and one of its own, from which it speaks and where answers come.
final class DiscoverySockets {
    /// An address without a port, as text; an IPv6 link-local one with its interface's number.
    typealias Handler = (_ packet: [UInt8], _ source: String, _ port: UInt16) -> Void

    private let loop: Loop
    private let port: UInt16
    private let handler: Handler
    private var shared4: Int32 = -1
    private var shared6: Int32 = -1
    private var own4: Int32 = -1
    private var own6: Int32 = -1
    private var joined: Set<UInt32> = []

    static let mostPacketsATurn = 64

    init(_ loop: Loop, port: UInt16, _ handler: @escaping Handler) throws(SystemFailure) {
        self.loop = loop
        self.port = port
        self.handler = handler
        shared4 = try DiscoverySockets.open(AF_INET, port: port)
        own4 = try DiscoverySockets.open(AF_INET, port: 0)
        // A kernel without IPv6 has IPv4 only.
        shared6 = (try? DiscoverySockets.open(AF_INET6, port: port)) ?? -1
        own6 = (try? DiscoverySockets.open(AF_INET6, port: 0)) ?? -1
        for socket in [shared4, own4, shared6, own6] where socket >= 0 {
            try loop.watch(socket, .readable) { [weak self] _ in self?.read(socket) }
        }
        joinAll()
    }

    deinit {
        for socket in [shared4, own4, shared6, own6] where socket >= 0 {
            loop.unwatch(socket)
            close(socket)
        }
    }

    private static func open(_ family: Int32, port: UInt16) throws(SystemFailure) -> Int32 {
        let type = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
        let socket = Glibc.socket(family, type, 0)
        guard socket >= 0 else { throw SystemFailure.last("socket") }
        func fail(_ call: String) -> SystemFailure {
            let failure = SystemFailure.last(call, "UDP port \(port)")
            close(socket)
            return failure
        }
        if port != 0 { set(socket, SOL_SOCKET, SO_REUSEADDR, 1) }
        if family == AF_INET6 { set(socket, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1) }
        // One hop: the local network and nothing beyond. And heard by other gateways of this machine.
        if family == AF_INET {
            set(socket, Int32(IPPROTO_IP), IP_MULTICAST_TTL, 1)
        } else {
            set(socket, Int32(IPPROTO_IPV6), IPV6_MULTICAST_HOPS, 1)
        }
        let status: Int32
        if family == AF_INET {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            status = withSocketAddress(&address) { bind(socket, $0, $1) }
        } else {
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            status = withSocketAddress(&address) { bind(socket, $0, $1) }
        }
        guard status == 0 else { throw fail("bind") }
        return socket
    }

    @discardableResult
    private static func set(_ socket: Int32, _ level: Int32, _ option: Int32, _ value: Int32) -> Bool {
        var value = value
        return setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0
    }

    /// Joins the groups on every interface that can do multicast; again after a change.
    func joinAll() {
        var present: Set<UInt32> = []
        for (index, _) in DiscoverySockets.interfaces() {
            present.insert(index)
            guard !joined.contains(index) else { continue }
            joined.insert(index)
            var four = ip_mreqn()
            four.imr_ifindex = Int32(index)
            inet_pton(AF_INET, Announcement.group4, &four.imr_multiaddr)
            setsockopt(
                shared4, Int32(IPPROTO_IP), IP_ADD_MEMBERSHIP, &four, socklen_t(MemoryLayout<ip_mreqn>.size))
            guard shared6 >= 0 else { continue }
            var six = ipv6_mreq()
            six.ipv6mr_interface = index
            inet_pton(AF_INET6, Announcement.group6, &six.ipv6mr_multiaddr)
            setsockopt(
                shared6, Int32(IPPROTO_IPV6), IPV6_ADD_MEMBERSHIP, &six,
                socklen_t(MemoryLayout<ipv6_mreq>.size))
        }
        // An interface that went and came back under its number has to be joined again.
        joined.formIntersection(present)
    }

    /// Sends to everybody on every local network; the loopback interface counts, for two gateways of one machine.
    func multicast(_ packet: [UInt8]) {
        for (index, hasFour) in DiscoverySockets.interfaces() {
            if hasFour {
                var request = ip_mreqn()
                request.imr_ifindex = Int32(index)
                setsockopt(
                    own4, Int32(IPPROTO_IP), IP_MULTICAST_IF, &request,
                    socklen_t(MemoryLayout<ip_mreqn>.size))
                send(packet, to: Announcement.group4, port: port)
            }
            if own6 >= 0 { send(packet, to: "\(Announcement.group6)%\(index)", port: port) }
        }
    }

    /// What cannot be sent is lost, as packets may be.
    func send(_ packet: [UInt8], to host: String, port: UInt16) {
        let parts = host.split(separator: "%")
        guard let name = parts.first.map(String.init) else { return }
        if name.contains(":") {
            guard own6 >= 0 else { return }
            var address = sockaddr_in6()
            address.sin6_family = sa_family_t(AF_INET6)
            address.sin6_port = port.bigEndian
            if parts.count > 1 { address.sin6_scope_id = UInt32(parts[1]) ?? 0 }
            guard inet_pton(AF_INET6, name, &address.sin6_addr) == 1 else { return }
            DiscoverySockets.withSocketAddress(&address) { _ = sendto(own6, packet, packet.count, 0, $0, $1) }
        } else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = port.bigEndian
            guard inet_pton(AF_INET, name, &address.sin_addr) == 1 else { return }
            DiscoverySockets.withSocketAddress(&address) { _ = sendto(own4, packet, packet.count, 0, $0, $1) }
        }
    }

    private func read(_ socket: Int32) {
        var buffer = [UInt8](repeating: 0, count: Announcement.mostBytes + 1)
        for _ in 0..<DiscoverySockets.mostPacketsATurn {
            var storage = sockaddr_storage()
            var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let count = withUnsafeMutablePointer(to: &storage) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    recvfrom(socket, &buffer, buffer.count, 0, $0, &size)
                }
            }
            guard count > 0 else { return }
            guard let (host, port) = DiscoverySockets.source(&storage) else { continue }
            handler(Array(buffer[..<count]), host, port)
        }
    }

    private static func source(_ storage: inout sockaddr_storage) -> (String, UInt16)? {
        withUnsafePointer(to: &storage) { pointer in
            var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
            func host() -> String {
                String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            }
            if Int32(pointer.pointee.ss_family) == AF_INET {
                return pointer.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                    var bytes = address.pointee.sin_addr
                    inet_ntop(AF_INET, &bytes, &text, socklen_t(text.count))
                    return (host(), UInt16(bigEndian: address.pointee.sin_port))
                }
            }
            guard Int32(pointer.pointee.ss_family) == AF_INET6 else { return nil }
            return pointer.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                var bytes = address.pointee.sin6_addr
                inet_ntop(AF_INET6, &bytes, &text, socklen_t(text.count))
                let scope = address.pointee.sin6_scope_id
                return (scope == 0 ? host() : "\(host())%\(scope)", UInt16(bigEndian: address.pointee.sin6_port))
            }
        }
    }

    /// Interfaces that are up and either do multicast or are the loopback, and whether they have an IPv4 address.
    private static func interfaces() -> [UInt32: Bool] {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return [:] }
        defer { freeifaddrs(list) }
        var found: [UInt32: Bool] = [:]
        var next = list
        while let entry = next?.pointee {
            next = entry.ifa_next
            let flags = entry.ifa_flags
            guard flags & UInt32(IFF_UP) != 0,
                flags & UInt32(IFF_MULTICAST) != 0 || flags & UInt32(IFF_LOOPBACK) != 0
            else { continue }
            let index = if_nametoindex(entry.ifa_name)
            guard index != 0 else { continue }
            let isFour = entry.ifa_addr.map { Int32($0.pointee.sa_family) == AF_INET } ?? false
            found[index] = (found[index] ?? false) || isFour
        }
        return found
    }

    @discardableResult
    private static func withSocketAddress<Address, Result>(
        _ address: inout Address, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<Address>.size))
            }
        }
    }
}
