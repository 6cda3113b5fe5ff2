import Foundation
import Notation

/// A WebSocket client as small as a test needs, which can also be one that does not read.
final class WebSocketClient {
    let client: Client
    let handshake: Client.Answer

    init?(_ client: Client, _ path: String, host: String, subprotocol: String? = nil, headers: [String: String] = [:]) {
        self.client = client
        var all = [
            "Host": host, "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        ]
        if let subprotocol { all["Sec-WebSocket-Protocol"] = subprotocol }
        all.merge(headers) { $1 }
        guard let answer = client.get(path, all) else { return nil }
        handshake = answer
    }

    /// The next message: text or binary; nil at the end or at a close.
    func receive() -> (binary: Bool, bytes: [UInt8])? {
        while let head = client.read(2) {
            var length = Int(head[1] & 127)
            if length == 126 {
                guard let more = client.read(2) else { return nil }
                length = Int(more[0]) << 8 | Int(more[1])
            } else if length == 127 {
                guard let more = client.read(8) else { return nil }
                length = more.reduce(0) { $0 << 8 | Int($1) }
            }
            guard let body = length == 0 ? [] : client.read(length) else { return nil }
            switch head[0] & 15 {
            case 1: return (false, body)
            case 2: return (true, body)
            case 8: return nil
            default: continue
            }
        }
        return nil
    }

    func receiveJSON() -> JSON? {
        guard let message = receive(), !message.binary else { return nil }
        return try? JSONReader.read(message.bytes)
    }

    func send(_ text: String) {
        let body = Array(text.utf8)
        precondition(body.count < 126)
        client.send([0x81, 0x80 | UInt8(body.count), 0, 0, 0, 0] + body)
    }
}
