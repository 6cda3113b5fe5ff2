import Hashing
import Measurements

/// What peers want of us: one request of a peer at a time, the next when it has taken the answer.
extension Replicator {
    mutating func wanted(_ message: Message?, by peer: PeerID) {
        guard let message else { return }
        if case .wantAttachments(_, _, _, _, let leaves) = message, leaves.count > UInt64(Message.mostAttachments) {
            cutOff(peer, .tooManyRequests)
            return
        }
        guard let waiting = sessions[peer]?.waiting.count, waiting < configuration.mostServed else {
            cutOff(peer, .tooManyRequests)
            return
        }
        sessions[peer]?.waiting.append(message)
        serveNext(peer)
    }

    mutating func serveNext(_ peer: PeerID) {
        guard let session = sessions[peer], !session.isServing, let message = session.waiting.first else { return }
        sessions[peer]?.waiting.removeFirst()
        sessions[peer]?.isServing = true
        serve(message, to: peer)
    }

    private mutating func serve(_ message: Message, to peer: PeerID) {
        switch message {
        case .since(let feed, let after):
            let after = feed == self.feed ? after : 0
            let page = catalogue.page(after: after, mostBytes: configuration.bytesAPage) { policy.offers(peer, $0) }
            send(
                peer,
                .heads(Heads(feed: self.feed, after: after, upTo: max(after, page.upTo), summaries: page.summaries)))
        case .wantEntries(let request, let key, let tip, let first, let count):
            guard isOffered(key, to: peer, request) else { return }
            let token = token(.serving(peer, message))
            out.append(
                .loadEntries(
                    token, key, tip: tip, first: first, count: min(count, Message.mostEntries),
                    mostBytes: configuration.bytesAReply))
        case .wantIndex(let request, let key, let position, let entry, _):
            guard isOffered(key, to: peer, request) else { return }
            out.append(.loadIndex(token(.serving(peer, message)), key, position: position, entry: entry))
        case .wantAttachments(let request, let key, let position, let entry, let leaves):
            guard isOffered(key, to: peer, request) else { return }
            let token = token(.serving(peer, message))
            out.append(
                .loadAttachments(
                    token, key, position: position, entry: entry, leaves: leaves,
                    mostBytes: configuration.bytesAReply))
        default: sessions[peer]?.isServing = false
        }
    }

    private mutating func isOffered(_ key: LogKey, to peer: PeerID, _ request: UInt64) -> Bool {
        if catalogue.contains(key), policy.offers(peer, key) { return true }
        // A stranger to a log learns no more than that it gets nothing.
        send(peer, .notHeld(request: request))
        return false
    }

    /// The shell says `.drained` once this is on its way.
    private mutating func send(_ peer: PeerID, _ message: Message) { out.append(.send(peer, message)) }

    // MARK: What the store gave

    mutating func loaded(_ event: Event, _ now: Int64) {
        switch event {
        case .loadedEntries(let token, let entries):
            guard case .serving(let peer, .wantEntries(let request, _, _, let first, _)) = take(token) else { return }
            send(peer, entries.isEmpty ? .notHeld(request: request) : .entries(request: request, first: first, entries))
        case .loadedIndex(let token, let leaves):
            guard case .serving(let peer, .wantIndex(let request, _, _, _, let from)) = take(token) else { return }
            guard let leaves, from < leaves.count else {
                send(peer, .notHeld(request: request))
                return
            }
            let part = leaves[Int(from)...].prefix(Message.mostLeaves)
            send(peer, .index(request: request, total: UInt64(leaves.count), from: from, Array(part)))
        case .loadedAttachments(let token, let attachments, let notHeld):
            sendAttachments(token, attachments, notHeld)
        default: break
        }
    }

    private mutating func take(_ token: Token) -> Pending? { pending.removeValue(forKey: token) }

    private mutating func sendAttachments(_ token: Token, _ attachments: [Attachment], _ notHeld: Ranges) {
        guard
            case .serving(let peer, .wantAttachments(let request, let key, let position, let entry, let leaves)) =
                take(token)
        else { return }
        var rest = leaves.subtracting(notHeld)
        for attachment in attachments { rest.remove(attachment.leaf..<attachment.leaf + 1) }
        // A store that gives nothing and denies nothing has not got it.
        let isStuck = attachments.isEmpty && notHeld.isEmpty
        counters.attachmentsSent += attachments.count
        counters.bytesSent += attachments.reduce(0) { $0 + $1.bytes.count }
        if !rest.isEmpty, !isStuck {
            sessions[peer]?.waiting.insert(
                .wantAttachments(request: request, key: key, position: position, entry: entry, leaves: rest), at: 0)
        }
        send(peer, .attachments(request: request, notHeld: isStuck ? rest : notHeld, attachments))
    }
}
