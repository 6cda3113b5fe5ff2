import Glibc

@testable import Control

/// A plain blocking HTTP client over a socket, that also can misbehave.
final class Client {
    let descriptor: Int32
    private var received: [UInt8] = []

    init(unix path: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        precondition(status == 0, "connect \(path): \(String(cString: strerror(errno)))")
        impatient()
    }

    init(port: Int) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        precondition(status == 0, "connect \(port): \(String(cString: strerror(errno)))")
        impatient()
    }

    deinit { close(descriptor) }

    /// A hanging server fails a test instead of hanging it.
    private func impatient() {
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }

    func send(_ text: String) { send(Array(text.utf8)) }

    func send(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    /// No more from us: the server sees the end, and may still answer.
    func halfClose() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// False at the end.
    private func fill() -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return false }
        received.append(contentsOf: buffer[..<count])
        return true
    }

    /// Everything up to the other end's closing.
    func readAll() -> [UInt8] {
        while fill() {}
        return received
    }

    func readLine() -> String? {
        while true {
            if let end = received.firstIndex(of: 10) {
                let line = String(decoding: received[..<end], as: UTF8.self)
                received.removeFirst(end + 1)
                return line.last == "\r" ? String(line.dropLast()) : line
            }
            guard fill() else { return nil }
        }
    }

    func read(_ count: Int) -> [UInt8]? {
        while received.count < count { guard fill() else { return nil } }
        let bytes = Array(received[..<count])
        received.removeFirst(count)
        return bytes
    }

    struct Answer {
        var status: Int
        var headers: [String: String]
        var body: [UInt8]
        var text: String { String(decoding: body, as: UTF8.self) }
    }

    func get(_ path: String, _ headers: [String: String] = [:]) -> Answer? { ask("GET", path, headers) }

    func ask(_ method: String, _ path: String, _ headers: [String: String] = [:], body: String? = nil) -> Answer? {
        var head = "\(method) \(path) HTTP/1.1\r\n"
        var headers = headers
        if headers["Host"] == nil { headers["Host"] = "localhost" }
        if let body {
            headers["Content-Length"] = "\(body.utf8.count)"
            if headers["Content-Type"] == nil { headers["Content-Type"] = "application/json" }
        }
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        send(head + "\r\n" + (body ?? ""))
        return answer(bodiless: method == "HEAD")
    }

    func answer(bodiless: Bool = false) -> Answer? {
        guard let first = readLine(), let status = Int(first.split(separator: " ").dropFirst().first ?? "") else {
            return nil
        }
        var headers: [String: String] = [:]
        while let line = readLine(), !line.isEmpty {
            let halves = line.split(separator: ":", maxSplits: 1)
            headers[halves[0].lowercased()] = halves.count > 1 ? String(halves[1].drop { $0 == " " }) : ""
        }
        var body: [UInt8] = []
        if let text = headers["content-length"], let length = Int(text), !bodiless {
            body = read(length) ?? []
        } else if headers["transfer-encoding"] == "chunked", !bodiless {
            while let line = readLine(), let size = Int(line, radix: 16) {
                body.append(contentsOf: read(size) ?? [])
                _ = readLine()
                if size == 0 { break }
            }
        }
        return Answer(status: status, headers: headers, body: body)
    }
}
