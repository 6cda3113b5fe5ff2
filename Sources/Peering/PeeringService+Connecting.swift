import Hashing
import Identity
import System

extension PeeringService {
    // MARK: What a peer's life asks for

    func run(_ peer: Peer, _ event: PeerLife.Event) {
        // Only what happens seldom needs a draw and a timer set anew.
        let random = event == .heard ? 0 : SystemRandom.uint64()
        let directives = peer.life.handle(event, now: SystemClock.bootTime, random: random)
        for directive in directives {
            switch directive {
            case .connect: dial(peer)
            case .cancelConnect:
                cancelAttempt(peer)
                peer.lastError = "no answer in time"
                counters.dialFailures += 1
            case .ping: peer.connection?.ping(nonce: random)
            case .giveUp:
                counters.silent += 1
                peer.connection?.close(.silent)
            }
        }
        if event != .heard || !directives.isEmpty { arm(peer) }
    }

    private func arm(_ peer: Peer) {
        if let timer = peer.timer { loop.cancel(timer) }
        peer.timer = peer.life.wakeAt.map { wakeAt in
            loop.schedule(at: wakeAt) { [weak self, weak peer] in
                guard let self, let peer else { return }
                run(peer, .timer)
            }
        }
    }

    // MARK: Dialling

    private func dial(_ peer: Peer) {
        let addresses = peer.addresses
        guard let endpoint, settings.dials, let target = target(of: peer.trusted) else {
            return later { self.run(peer, .unwanted) }
        }
        guard !addresses.isEmpty || peer.trusted.relay != nil else {
            peer.lastError = "no address of it is known"
            return later { self.run(peer, .unwanted) }
        }
        peer.attemptNumber += 1
        let number = peer.attemptNumber
        peer.attempt = endpoint.connect(
            to: target, at: IrohAddress(direct: addresses, relay: peer.trusted.relay), alpn: PeeringService.alpn
        ) { [weak self, weak peer] result in
            guard let self, let peer else { return }
            guard peer.attemptNumber == number else {
                if case .success(let connection) = result { connection.close(code: 1, reason: "too late") }
                return
            }
            peer.attempt = nil
            switch result {
            case .success(let connection): greet(peer, connection, number)
            case .failure(let failure): dialFailed(peer, failure.description)
            }
        }
    }

    /// Which of a peer's endpoints to dial: the latest, or for a hub of several processes the one this gateway is nearest
    /// to by hash, so that gateways spread over them and each stays with its own.
    func target(of trusted: TrustedPeer) -> Bytes32? {
        guard trusted.role == .hub else { return trusted.endpoints.first?.id }
        return trusted.endpoints.map(\.id).max {
            BLAKE2b.hash(cert.identity.bytes + $0.bytes, purpose: "bothy.rendezvous")
                < BLAKE2b.hash(cert.identity.bytes + $1.bytes, purpose: "bothy.rendezvous")
        }
    }

    private func greet(_ peer: Peer, _ connection: IrohConnection, _ number: Int) {
        let expected = peer.trusted.identity
        let handshake = Handshake(
            loop, connection, isDialled: true, own: { self.hello(to: connection) },
            admits: { hello in
                guard hello.cert.identity == expected else {
                    return .init(goodbye: .notTrusted, description: "is another gateway than the one that was dialled")
                }
                return self.objection(to: hello)
            },
            { [weak self, weak peer] result in
                guard let self, let peer, peer.attemptNumber == number else { return }
                peer.handshake = nil
                switch result {
                case .success(let outcome): admit(connection, outcome, isDialled: true)
                case .failure(let failure):
                    connection.close(code: failure.goodbye.rawValue, reason: failure.description)
                    dialFailed(peer, failure.description)
                }
            })
        peer.handshake = handshake
        handshake.start()
    }

    private func dialFailed(_ peer: Peer, _ why: String) {
        guard peer.connection == nil else { return }
        counters.dialFailures += 1
        peer.lastError = why
        Log.debug("peering", "\(KeyText.short(peer.trusted.identity)) cannot be reached: \(why)")
        run(peer, .connectFailed)
    }

    private func cancelAttempt(_ peer: Peer) {
        peer.attemptNumber += 1
        peer.attempt?.cancel()
        peer.attempt = nil
        peer.handshake?.cancel()
        peer.handshake = nil
    }

    private func later(_ work: @escaping () -> Void) { loop.schedule(afterMs: 0, work) }

    // MARK: Being dialled

    func came(_ incoming: IrohIncoming) {
        incoming.remote { [weak self] remote in
            incoming.isValidated { validated in
                guard let self, !self.isStopping else { return incoming.ignore() }
                let known = remote.map { self.knownHosts.contains(HostAndPort.host(of: $0)) } ?? false
                let decision = self.gate.decide(
                    network: remote.flatMap { HostAndPort.network(of: $0) }, isKnown: known, isValidated: validated,
                    handshakes: self.accepting + self.handshakes.count, now: self.loop.now)
                switch decision {
                case .ignore: incoming.ignore()
                case .validate: incoming.retry()
                case .accept: self.shake(incoming)
                }
            }
        }
    }

    private func shake(_ incoming: IrohIncoming) {
        accepting += 1
        incoming.accept { [weak self] result in
            guard let self else { return }
            accepting -= 1
            guard case .success(let connection) = result, !isStopping else {
                counters.handshakeFailures += 1
                return
            }
            if connection.alpn == PairAttempt.alpn { return pair(with: connection) }
            if let accept = offers[connection.alpn] { return hand(connection, to: accept) }
            answer(connection)
        }
    }

    private func answer(_ connection: IrohConnection) {
        // Before it is known, it may hold one stream open and little on the way.
        connection.limit(uniStreams: 0, biStreams: 1, window: Handshake.mostBytes)
        let handshake = Handshake(
            loop, connection, isDialled: false, own: { self.hello(to: connection) },
            admits: { self.objection(to: $0) },
            { [weak self] result in
                guard let self else { return }
                handshakes[ObjectIdentifier(connection)] = nil
                switch result {
                case .success(let outcome): admit(connection, outcome, isDialled: false)
                case .failure(let failure):
                    if failure.goodbye == .malformed { counters.malformed += 1 }
                    counters.handshakeFailures += 1
                    connection.close(
                        code: failure.goodbye.rawValue,
                        // Only what a stranger may know.
                        reason: failure.goodbye == .version ? failure.description : failure.goodbye.sentence)
                }
            })
        handshakes[ObjectIdentifier(connection)] = handshake
        handshake.start()
    }

    // MARK: Admission

    private func hello(to connection: IrohConnection) -> Hello {
        Hello(
            features: 0, session: session, cert: cert, program: settings.program,
            observed: selectedPath(of: connection).flatMap { $0.isRelay ? nil : $0.remote } ?? "")
    }

    /// Why this hello is not good enough; nil when it is.
    private func objection(to hello: Hello) -> Handshake.Failure? {
        let identity = hello.cert.identity
        guard identity != cert.identity else {
            handlers.alarm(.clone(identity: identity, endpoints: [cert.endpoint, hello.cert.endpoint]))
            return .init(goodbye: .notTrusted, description: "is this gateway itself, or a copy of it")
        }
        guard let peer = peers[identity] else {
            if handlers.admits(identity) { return nil }
            counters.strangers += 1
            return .init(goodbye: .notTrusted, description: Goodbye.notTrusted.sentence)
        }
        switch peer.trusted.standing(of: hello.cert) {
        case .known, .newer: return nil
        case .stale:
            counters.staleEndpoints += 1
            handlers.alarm(.stale(identity: identity, endpoint: hello.cert.endpoint))
            return .init(goodbye: .staleEndpoint, description: Goodbye.staleEndpoint.sentence)
        case .clone:
            counters.staleEndpoints += 1
            let known = peer.trusted.endpoints.map(\.id)
            handlers.alarm(.clone(identity: identity, endpoints: known + [hello.cert.endpoint]))
            return .init(goodbye: .staleEndpoint, description: "two boxes say they are this gateway")
        }
    }

    private func admit(_ raw: IrohConnection, _ outcome: Handshake.Outcome, isDialled: Bool) {
        let hello = outcome.hello
        let identity = hello.cert.identity
        // A member of a room becomes a peer for as long as it is connected.
        let peer = peers[identity] ?? Peer(TrustedPeer(identity: identity))
        if let old = peer.connection, !replaces(old, hello, isDialled: isDialled) {
            counters.duplicates += 1
            return raw.close(code: Goodbye.duplicate.rawValue, reason: Goodbye.duplicate.sentence)
        }
        guard peers[identity]?.connection != nil || connectionCount < PeeringSettings.mostConnections else {
            return raw.close(code: Goodbye.busy.rawValue, reason: Goodbye.busy.sentence)
        }
        peers[identity] = peer
        // An attempt of our own that is still under way goes on: both sides must see both connections to choose the same.
        let old = peer.connection
        peer.connection = nil
        if let old {
            counters.duplicates += 1
            old.close(.duplicate)
            handlers.peerDisconnected(identity, "was replaced by a newer connection")
        }
        install(raw, outcome, peer, isDialled: isDialled)
    }

    /// Whether a new connection takes the place of one that is there. The one who lost a connection dials again while the
    /// other may not have noticed: so the newer one counts. Only when both dial at the same moment one of two must go, and
    /// both sides choose the same: the one dialled by the smaller endpoint.
    private func replaces(_ old: PeerConnection, _ hello: Hello, isDialled: Bool) -> Bool {
        let isRace =
            old.hello.session == hello.session && old.isDialled != isDialled
            && loop.now - old.openedAt < PeerLife.firstConnectTimeout
        guard isRace else { return true }
        return isDialled == (cert.endpoint < hello.cert.endpoint)
    }

    private var connectionCount: Int { peers.values.reduce(0) { $0 + ($1.connection == nil ? 0 : 1) } }

    private func install(_ raw: IrohConnection, _ outcome: Handshake.Outcome, _ peer: Peer, isDialled: Bool) {
        let (hello, identity) = (outcome.hello, outcome.hello.cert.identity)
        let connection = PeerConnection(loop, raw, outcome, isDialled: isDialled, events(of: peer))
        peer.connection = connection
        peer.lastError = nil
        counters.connected += 1
        learn(from: hello, raw, peer)
        run(peer, .connected(reach(of: peer)))
        connection.start()
        let own = endpoint?.address ?? IrohAddress()
        connection.send(Addresses(direct: own.direct, relay: own.relay).frame)
        Log.info(
            "peering", "\(KeyText.short(identity)) connected at \(peer.path?.remote ?? "?") (\(hello.program))")
        handlers.peerConnected(
            PeerInfo(
                identity: identity, endpoint: hello.cert.endpoint, role: hello.cert.role, program: hello.program,
                protocolVersion: hello.agreed, features: hello.features, isDialled: isDialled))
    }

    private func learn(from hello: Hello, _ raw: IrohConnection, _ peer: Peer) {
        let identity = hello.cert.identity
        let standing = peer.trusted.standing(of: hello.cert)
        let known = peer.trusted.endpoints.first { $0.id == hello.cert.endpoint }
        // What somebody typed may lack the serial and the role.
        if standing == .newer || known?.serial != hello.cert.serial || peer.trusted.role != hello.cert.role {
            if standing == .newer, !peer.trusted.endpoints.isEmpty {
                handlers.alarm(.newEndpoint(identity: identity, endpoint: hello.cert.endpoint))
            }
            peer.trusted.remember(endpoint: hello.cert)
            byEndpoint[hello.cert.endpoint] = identity
        }
        peer.path = selectedPath(of: raw)
        if let path = peer.path, !path.isRelay {
            remember(host: path.remote)
            // A dialled address works again; where an incoming connection comes from, mostly too.
            peer.trusted.remember(addresses: [path.remote])
        }
        peer.keep(in: trust)
        // What a peer outside sees is our address there; what one on our own network sees is known anyway.
        if !hello.observed.isEmpty, !HostAndPort.isLocal(hello.observed), externals.count < 4,
            HostAndPort.bytes(ofHost: HostAndPort.host(of: hello.observed)) != nil,
            externals.insert(hello.observed).inserted
        {
            endpoint?.addExternal(hello.observed)
        }
    }

    private func events(of peer: Peer) -> PeerConnection.Events {
        let identity = peer.trusted.identity
        return PeerConnection.Events(
            message: { [weak self] lane, type, body in
                self?.handlers.peerMessage(PeerMessage(peer: identity, lane: lane, type: type, body: body))
            },
            heard: { [weak self, weak peer] in if let peer { self?.run(peer, .heard) } },
            pong: { [weak self, weak peer] pong, rtt in
                guard let self, let peer else { return }
                let waiting = peer.pings
                peer.pings = []
                for completion in waiting { completion(.success(rtt)) }
                handlers.peerClock(identity, pong, rtt)
            },
            addresses: { [weak self, weak peer] addresses in
                guard let self, let peer else { return }
                let direct = addresses.direct.filter { HostAndPort.bytes(ofHost: HostAndPort.host(of: $0)) != nil }
                peer.trusted.remember(addresses: direct)
                if let relay = addresses.relay { peer.trusted.relay = relay }
                if peers[identity] === peer { peer.keep(in: trust) }
            },
            drained: { [weak self] lane in self?.handlers.peerDrained(identity, lane) },
            ended: { [weak self, weak peer] goodbye, sentence in
                guard let self, let peer else { return }
                ended(peer, goodbye, sentence)
            },
            clock: { [weak self] in self?.handlers.clock() ?? (0, Pong.unknownError) })
    }

    private func ended(_ peer: Peer, _ goodbye: Goodbye?, _ sentence: String) {
        // A connection that was replaced has been taken out already.
        guard peer.connection != nil else { return }
        peer.connection = nil
        peer.path = nil
        peer.lastError = sentence
        peer.awaySince = loop.now
        let waiting = peer.pings
        peer.pings = []
        for completion in waiting { completion(.failure(.lost(sentence))) }
        if goodbye == .malformed { counters.malformed += 1 }
        Log.info("peering", "\(KeyText.short(peer.trusted.identity)) disconnected: \(sentence)")
        if !peer.isTrusted {
            peers[peer.trusted.identity] = nil
        } else if !isStopping {
            run(peer, .closed(orderly: goodbye == .leaving))
        }
        handlers.peerDisconnected(peer.trusted.identity, sentence)
    }

    // MARK: Watching

    func selectedPath(of connection: IrohConnection) -> IrohPath? {
        let paths = connection.paths
        return paths.first(where: \.isSelected) ?? paths.first
    }

    private func reach(of peer: Peer) -> PeerLife.Reach {
        if settings.metered { return .metered }
        guard let path = peer.path, !path.isRelay else { return .wide }
        return HostAndPort.isLocal(path.remote) ? .local : .wide
    }

    func checkHealth() {
        rebindIfNeeded()
        for peer in peers.values {
            guard let connection = peer.connection else { continue }
            let before = reach(of: peer)
            peer.path = selectedPath(of: connection.connection) ?? peer.path
            if reach(of: peer) != before { run(peer, .reachChanged(reach(of: peer))) }
        }
    }

    func linkChanged() {
        Log.debug("peering", "a network link changed")
        rebindIfNeeded()
        discovery?.linkChanged()
        for peer in peers.values { run(peer, .linkChanged) }
    }
}
