import Hashing
import Identity
import System

/// How often codes may be given out: a guess needs a code, so this is how often somebody may guess. Pure.
struct PairGate {
    static let most = 3
    static let within: Int64 = 60_000_000_000

    private var given: [Int64] = []

    mutating func allows(now: Int64) -> Bool {
        given.removeAll { now - $0 >= PairGate.within }
        guard given.count < PairGate.most else { return false }
        given.append(now)
        return true
    }
}

/// A box that waits to be paired: one code, for one try, for two minutes of boot time.
final class Pairing {
    static let lasts: Int64 = 120_000_000_000
    static let digits = 8

    let code: [UInt8]
    let until: Int64
    let events: (PairingEvent) -> Void
    var timer: TimerToken?

    init(code: [UInt8], until: Int64, events: @escaping (PairingEvent) -> Void) {
        (self.code, self.until, self.events) = (code, until, events)
    }

    /// Eight digits, all equally likely.
    static func draw() -> [UInt8] {
        var digits: [UInt8] = []
        while digits.count < Pairing.digits {
            for byte in SystemRandom.bytes(16) where byte < 250 && digits.count < Pairing.digits {
                digits.append(48 + byte % 10)
            }
        }
        return digits
    }

    /// `1234 5678`, as it is shown.
    static func text(_ code: [UInt8]) -> String {
        String(decoding: code[..<4], as: UTF8.self) + " " + String(decoding: code[4...], as: UTF8.self)
    }

    /// The digits of what somebody typed; nil unless there are eight and otherwise only spaces and hyphens.
    static func parse(_ text: String) -> [UInt8]? {
        let bytes = text.utf8.filter { $0 != 32 && $0 != 45 }
        guard bytes.count == digits, bytes.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Array(bytes)
    }
}

/// What happens on the box that shows the code.
public enum PairingEvent: Hashable, Sendable {
    case paired(TrustedPeer)
    /// Somebody tried a wrong code, or broke off: the code is used up, pairing is over.
    case failed(String)
    case expired
}

public enum PairFailure: Error, Hashable, Sendable, CustomStringConvertible {
    case off(String)
    case notACode
    case tooOften
    case nobodyWaits
    /// More than one box waits to be paired: say which.
    case several([GatewayKey])
    case refused(String)
    case wrongCode
    case lost(String)

    public var description: String {
        switch self {
        case .off(let why): why
        case .notACode: "a code has \(Pairing.digits) digits"
        case .tooOften: "at most \(PairGate.most) codes a minute; wait a little"
        case .nobodyWaits: "no box on this network waits to be paired: run `bothy peer pair` on the other one first"
        case .several(let endpoints):
            "several boxes wait to be paired: name one of "
                + endpoints.map { KeyText.short($0) }.joined(separator: ", ")
        case .refused(let why): "the other box refused: \(why)"
        case .wrongCode: "the code was wrong; it is used up: get a new one on the other box"
        case .lost(let why): "the connection was lost: \(why)"
        }
    }
}

extension PeeringService {
    /// Waits for another box to pair with this one. Returns the code to type there.
    public func openPairing(_ events: @escaping (PairingEvent) -> Void) -> Result<String, PairFailure> {
        guard endpoint != nil else { return .failure(.off(offReason)) }
        guard pairGate.allows(now: loop.now) else { return .failure(.tooOften) }
        endPairing()
        let open = Pairing(code: Pairing.draw(), until: loop.now + Pairing.lasts, events: events)
        open.timer = loop.schedule(at: open.until) { [weak self, weak open] in
            guard let self, let open, pairing === open else { return }
            endPairing()
            open.events(.expired)
        }
        pairing = open
        discovery?.announce()
        return .success(Pairing.text(open.code))
    }

    public func endPairing() {
        if let timer = pairing?.timer { loop.cancel(timer) }
        pairing = nil
    }

    /// Pairs with a box that shows `code`: the one found on the local network, or `endpoint` at `places`.
    public func pair(
        code text: String, with chosen: GatewayKey? = nil, at places: [String] = [],
        _ completion: @escaping (Result<TrustedPeer, PairFailure>) -> Void
    ) {
        guard let endpoint else { return completion(.failure(.off(offReason))) }
        guard let code = Pairing.parse(text) else { return completion(.failure(.notACode)) }
        let waiting = discovery?.table.pairing(now: loop.now) ?? []
        var target = chosen.map { (endpoint: $0, places: places) }
        if let chosen, places.isEmpty { target = waiting.first { $0.endpoint == chosen } }
        if chosen == nil {
            guard waiting.count < 2 else { return completion(.failure(.several(waiting.map(\.endpoint)))) }
            target = waiting.first
        }
        guard let target else { return completion(.failure(.nobodyWaits)) }
        var done: ((Result<TrustedPeer, PairFailure>) -> Void)? = completion
        let attempt = endpoint.connect(
            to: target.endpoint, at: IrohAddress(direct: target.places), alpn: PairAttempt.alpn
        ) { [weak self] result in
            guard let self, let completion = done else { return }
            done = nil
            switch result {
            case .failure(let failure): completion(.failure(.lost(failure.description)))
            case .success(let connection):
                run(PairAttempt(loop, connection, .initiator, code: code, cert: cert), completion)
            }
        }
        loop.schedule(at: loop.now + PeerLife.connectTimeout) {
            guard let completion = done else { return }
            done = nil
            attempt?.cancel()
            completion(.failure(.lost("no answer")))
        }
    }

    /// Somebody dialled to pair.
    func pair(with connection: IrohConnection) {
        guard let open = pairing else {
            return connection.close(code: Goodbye.notTrusted.rawValue, reason: "does not wait to be paired")
        }
        // One try: whatever comes of it, the code is used up.
        endPairing()
        run(PairAttempt(loop, connection, .responder, code: open.code, cert: cert)) { result in
            switch result {
            case .success(let peer): open.events(.paired(peer))
            case .failure(let failure): open.events(.failed(failure.description))
            }
        }
    }

    private func run(_ attempt: PairAttempt, _ completion: @escaping (Result<TrustedPeer, PairFailure>) -> Void) {
        pairAttempts.append(attempt)
        attempt.start { [weak self, weak attempt] result in
            guard let self else { return }
            pairAttempts.removeAll { $0 === attempt }
            guard case .success(let cert) = result, let attempt else {
                return completion(.failure(result.failure ?? .lost("")))
            }
            var trusted = peers[cert.identity]?.trusted ?? TrustedPeer(identity: cert.identity)
            trusted.remember(endpoint: cert)
            if let path = selectedPath(of: attempt.connection), !path.isRelay {
                trusted.remember(addresses: [path.remote])
            }
            trust(trusted)
            completion(.success(trusted))
        }
    }

    private var offReason: String {
        if case .off(let why) = state { why } else { "peering is starting" }
    }
}
