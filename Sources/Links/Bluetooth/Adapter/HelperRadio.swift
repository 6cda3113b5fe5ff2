import CLinux
import Glibc
import System

/// Gets its sockets from `bothy-radio`, so that this process needs no capability.
public final class HelperRadio: RadioAccess {
    private let path: String
    private static let messageSize = 4

    /// Where the helper's unit puts its socket.
    public static let usualPath = "/run/bothy-radio/helper.sock"

    public static func isThere(_ path: String) -> Bool { access(path, F_OK) == 0 }

    public init(path: String) { self.path = path }

    public var name: String { "bothy-radio at \(path)" }

    public func openManagement(repliesOnly: Bool) throws -> Int32 {
        guard let descriptor = try ask([77, repliesOnly ? 1 : 0, 0, 0]) else {
            throw SystemFailure(code: EBADMSG, call: "recvmsg", subject: path)
        }
        return descriptor
    }

    public func resetHardware(index: UInt16) {
        // The radio switch first: behind it a reset changes nothing.
        for kind in [UInt8(75), 82] {
            do { _ = try ask([kind, 0, UInt8(index & 255), UInt8(index >> 8)]) } catch {
                Log.warning("bluetooth", "hci\(index): \(error)")
            }
        }
    }

    /// One request on a connection of its own; the descriptor that came with the answer.
    private func ask(_ request: [UInt8]) throws -> Int32? {
        let client = socket(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard client >= 0 else { throw SystemFailure.last("socket", path) }
        defer { close(client) }
        // The helper answers at once or is not there; the loop must not wait for it longer.
        var patience = timeval(tv_sec: 3, tv_usec: 0)
        setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        guard connectTo(client) else { throw SystemFailure.last("connect", path) }
        guard send(client, request, request.count, Int32(MSG_NOSIGNAL)) == request.count else {
            throw SystemFailure.last("send", path)
        }
        var answer = [UInt8](repeating: 0, count: HelperRadio.messageSize)
        var descriptor: Int32 = -1
        var count: Int32 = 1
        guard bothy_receive_descriptors(client, &answer, answer.count, &descriptor, &count) == answer.count,
            answer[0] == request[0]
        else { throw SystemFailure.last("recvmsg", path) }
        guard answer[1] == 0 else { throw SystemFailure(code: Int32(answer[1]), call: "bothy-radio", subject: path) }
        return count == 1 ? descriptor : nil
    }

    private func connectTo(_ client: Int32) -> Bool {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(client, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
    }
}
