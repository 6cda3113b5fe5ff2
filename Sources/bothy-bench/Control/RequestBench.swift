import Glibc
import Notation

/// How many small requests a second an HTTP server answers: some connections, on each a few requests at once. The same for
/// every server, so that `Benchmarks/control` can compare them.
enum RequestBench {
    static let subject = Subject(
        name: "requests",
        summary: "answers a second: --port N --path /… [--header 'Name: value'] [--seconds N]", run: run)

    static let connections = 8
    static let pipelined = 16

    static func run(_ options: Options) throws -> Report {
        guard let port = options["port"].flatMap({ UInt16($0) }), let path = options["path"] else {
            throw Options.Wrong(description: "requests needs --port and --path")
        }
        let seconds = options.tiny ? 0.2 : options["seconds"].flatMap(Double.init) ?? 3
        let header = options["header"].map { $0 + "\r\n" } ?? ""
        let request = Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\n\(header)\r\n".utf8)
        var clients = try (0..<connections).map { _ in try RequestClient(port: port, request: request) }
        let begun = now()
        var answered = 0
        while now() - begun < seconds {
            for index in clients.indices { try clients[index].send(pipelined) }
            for index in clients.indices { answered += try clients[index].receive(pipelined) }
        }
        let rate = Double(answered) / (now() - begun)
        return Report(
            table: "\(spelled(rate, places: 0)) answers a second",
            raw: ["path": .string(path), "answered": JSON(answered), "a_second": JSON(rate)])
    }

    private static func now() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// One connection that counts answers by their first line and their length.
struct RequestClient {
    private let descriptor: Int32
    private let request: [UInt8]
    private var received: [UInt8] = []
    private var buffer = [UInt8](repeating: 0, count: 1 << 18)

    init(port: UInt16, request: [UInt8]) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.request = request
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        let status = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { throw Options.Wrong(description: "nothing listens on port \(port)") }
    }

    func send(_ count: Int) throws {
        let bytes = Array(repeatElement(request, count: count).joined())
        guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Options.Wrong(description: "the server closed the connection")
        }
    }

    /// Waits until `count` answers were read whole.
    mutating func receive(_ count: Int) throws -> Int {
        var (answers, at) = (0, 0)
        while answers < count {
            if let end = RequestClient.end(of: received, from: at) {
                guard received[at..<end].starts(with: "HTTP/1.1 2".utf8) else {
                    throw Options.Wrong(description: String(decoding: received[at..<min(at + 200, end)], as: UTF8.self))
                }
                at = end
                answers += 1
                continue
            }
            let got = recv(descriptor, &buffer, buffer.count, 0)
            guard got > 0 else { throw Options.Wrong(description: "the server closed the connection") }
            received.append(contentsOf: buffer[..<got])
        }
        received.removeFirst(at)
        return answers
    }

    /// Where the answer at `start` ends, if all of it is there.
    private static func end(of bytes: [UInt8], from start: Int) -> Int? {
        bytes.withUnsafeBufferPointer { bytes -> Int? in
            guard let head = place(of: "\r\n\r\n", in: bytes, start..<bytes.count) else { return nil }
            guard let mark = place(of: "Content-Length: ", in: bytes, start..<head) else { return head + 4 }
            var (at, length) = (mark + 16, 0)
            while at < head, bytes[at] >= 48, bytes[at] <= 57 {
                (at, length) = (at + 1, length * 10 + Int(bytes[at] - 48))
            }
            return head + 4 + length <= bytes.count ? head + 4 + length : nil
        }
    }

    private static func place(of text: StaticString, in bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int?
    {
        let count = text.utf8CodeUnitCount
        var at = range.lowerBound
        while at + count <= range.upperBound {
            if memcmp(bytes.baseAddress! + at, text.utf8Start, count) == 0 { return at }
            at += 1
        }
        return nil
    }
}
