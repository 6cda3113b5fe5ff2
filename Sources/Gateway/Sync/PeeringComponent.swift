import Identity
import Peering
import System

/// The network under supervision: the endpoint is opened when peers are trusted or the settings ask for it, never before.
final class PeeringComponent: Component {
    let name = "peering"
    private let make: () throws -> PeeringService
    private let synchroniser: Synchroniser
    private(set) var service: PeeringService?
    var onAlarm: (PeeringAlarm) -> Void = { _ in }
    /// Whether somebody wants it.
    var isWanted = false

    init(synchroniser: Synchroniser, make: @escaping () throws -> PeeringService) {
        self.synchroniser = synchroniser
        self.make = make
    }

    func start(failed: @escaping (Failure) -> Void) throws {
        synchroniser.start()
        if isWanted { try open() }
    }

    /// Opens the endpoint where it is not open yet.
    func open() throws {
        isWanted = true
        guard service == nil else { return }
        let service = try make()
        self.service = service
        synchroniser.service = service
        service.handlers.peerConnected = { [synchroniser] in synchroniser.connected($0) }
        service.handlers.peerDisconnected = { [synchroniser] peer, _ in synchroniser.disconnected(peer) }
        service.handlers.peerDrained = { [synchroniser] peer, _ in synchroniser.drained(peer) }
        service.handlers.peerMessage = { [synchroniser] message in
            if message.type == Synchroniser.frameType { synchroniser.received(message.peer, message.body) }
        }
        service.handlers.alarm = { [weak self] in self?.onAlarm($0) }
        service.start()
    }

    func stop(done: @escaping () -> Void) {
        synchroniser.stop()
        guard let service else { return done() }
        self.service = nil
        synchroniser.service = nil
        service.stop(done)
    }
}
