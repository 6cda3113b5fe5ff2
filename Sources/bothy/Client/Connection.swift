import Glibc

/// One HTTP/1.1 exchange over a Unix socket.
final class Connection {
    static let mostHeaderBytes = 64 << 10

    private let descriptor: Int32
    private var received: [UInt8] = []
    private var at = 0

    init(to path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw CommandFailure.failed("no socket: \(String(cString: strerror(errno)))") }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < room else {
            close(descriptor)
            throw CommandFailure.usage("--socket: a socket's path has fewer than \(room) characters")
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        if status != 0 {
            let code = errno
            close(descriptor)
            throw Connection.unreachable(path, code)
        }
    }

    func end() { close(descriptor) }

    private static func unreachable(_ path: String, _ code: Int32) -> CommandFailure {
        switch code {
        case ENOENT:
            CommandFailure(
                status: .unreachable, message: "no daemon runs here (there is no \(path))",
                hint: "start one: systemctl start bothy, or in a terminal: bothy run; or name its socket with --socket")
        case ECONNREFUSED:
            CommandFailure(
                status: .unreachable, message: "no daemon listens at \(path); it has ended without tidying up",
                hint: "start it again: systemctl start bothy, or bothy run")
        case EACCES:
            CommandFailure(
                status: .unreachable, message: "you may not speak with the daemon at \(path)",
                hint: "join its group: sudo usermod -aG bothy $USER, then log in again; or use sudo")
        default:
            CommandFailure(status: .unreachable, message: "\(path): \(String(cString: strerror(code)))")
        }
    }

    func send(_ method: String, _ path: String, _ body: [UInt8]?) throws {
        var head =
            "\(method) \(path) HTTP/1.1\r\nHost: bothy\r\nUser-Agent: bothy-cli\r\nX-Bothy: 1\r\nConnection: close\r\n"
        if let body { head += "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n" }
        let bytes = Array((head + "\r\n").utf8) + (body ?? [])
        guard Terminal.write(descriptor, bytes: bytes) else { throw lost() }
    }

    func head() throws -> (status: Int, headers: [String: String]) {
        while true {
            if let end = endOfHead() {
                let text = String(decoding: received[at..<end], as: UTF8.self)
                at = end + 4
                return try parse(text)
            }
            guard received.count < Connection.mostHeaderBytes, try more() else { throw lost() }
        }
    }

    /// The body in pieces, whichever way it is framed.
    func body(_ headers: [String: String], _ receive: ([UInt8]) throws -> Bool) throws {
        if headers["transfer-encoding"]?.lowercased() == "chunked" {
            while let count = try chunkSize(), count > 0 {
                if try !take(count, receive) { return }
                _ = try line()
            }
        } else if let length = headers["content-length"].flatMap({ Int($0) }) {
            _ = try take(length, receive)
        } else {
            while true {
                if at < received.count, try !receive(drain(received.count - at)) { return }
                if try !more() { return }
            }
        }
    }

    private func take(_ count: Int, _ receive: ([UInt8]) throws -> Bool) throws -> Bool {
        var left = count
        while left > 0 {
            if at == received.count, try !more() { throw lost() }
            let piece = drain(min(left, received.count - at))
            left -= piece.count
            if try !receive(piece) { return false }
        }
        return true
    }

    private func drain(_ count: Int) -> [UInt8] {
        defer { at += count }
        return Array(received[at..<at + count])
    }

    private func chunkSize() throws -> Int? {
        let text = try line()
        return Int(text.prefix { $0 != ";" }, radix: 16)
    }

    private func line() throws -> String {
        while true {
            if let end = received[at...].firstIndex(of: 10) {
                let text = String(decoding: received[at..<end], as: UTF8.self)
                at = end + 1
                return text.hasSuffix("\r") ? String(text.dropLast()) : text.filter { $0 != "\r\n" && $0 != "\r" }
            }
            guard try more() else { throw lost() }
        }
    }

    private func endOfHead() -> Int? {
        guard received.count >= at + 4 else { return nil }
        return (at...received.count - 4).first {
            received[$0] == 13 && received[$0 + 1] == 10 && received[$0 + 2] == 13 && received[$0 + 3] == 10
        }
    }

    private func parse(_ head: String) throws -> (Int, [String: String]) {
        let lines = head.split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, words[0].hasPrefix("HTTP/1."), let status = Int(words[1]) else {
            throw CommandFailure.failed("what answers at the socket is not a bothy daemon")
        }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        return (status, headers)
    }

    /// False at the end of what comes.
    private func more() throws -> Bool {
        if at > 1 << 16 {
            received.removeFirst(at)
            at = 0
        }
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            received += buffer[..<count]
            return true
        }
    }

    private func lost() -> CommandFailure {
        CommandFailure(
            status: .unreachable, message: "the daemon closed the connection before it had answered",
            hint: "look at its log: journalctl -u bothy -n 50")
    }
}
