import Glibc
import Notation
import System

@testable import Control

/// A gateway of sorts and the real server in front of it.
final class House {
    let folder: String
    let backend: StandIn
    let server: Server
    var socket: String { folder + "/bothy.sock" }
    var port: Int { server.port }

    init(_ adjust: (inout ControlConfiguration) -> Void = { _ in }) throws {
        var template = Array("/tmp/bothy-control-XXXXXX".utf8CString)
        folder = String(cString: mkdtemp(&template))
        backend = try StandIn()
        var configuration = ControlConfiguration(
            socket: folder + "/bothy.sock", tcp: .init(address: "127.0.0.1", port: 0))
        adjust(&configuration)
        server = try Server(configuration, backend: backend)
    }

    deinit {
        server.stop()
        backend.loop.stop()
        unlink(socket)
        rmdir(folder)
    }

    func local() -> Client { Client(unix: socket) }
    func remote() -> Client { Client(port: port) }
    var host: String { "127.0.0.1:\(port)" }
}
