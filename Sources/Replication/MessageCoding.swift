import Hashing
import Measurements

extension Message {
    public var bytes: [UInt8] {
        var writer = ByteWriter()
        switch self {
        case .mark(let feed, let change, let store):
            writer.byte(1)
            writer.identifier(feed)
            writer.varint(change)
            writer.identifier(store)
        case .since(let feed, let change):
            writer.byte(2)
            writer.identifier(feed)
            writer.varint(change)
        case .heads(let heads):
            writer.byte(3)
            heads.encode(into: &writer)
        case .wantEntries(let request, let key, let tip, let first, let count):
            writer.byte(4)
            writer.varint(request)
            key.encode(into: &writer)
            writer.identifier(tip)
            writer.varint(first)
            writer.varint(count)
        case .entries(let request, let first, let entries):
            writer.byte(5)
            writer.varint(request)
            writer.varint(first)
            writer.varint(entries.count)
            for entry in entries { writer.block(entry) }
        case .wantIndex(let request, let key, let position, let entry, let from):
            writer.byte(6)
            Message.place(request, key, position, entry, &writer)
            writer.varint(from)
        case .index(let request, let total, let from, let leaves):
            writer.byte(7)
            writer.varint(request)
            writer.varint(total)
            writer.varint(from)
            writer.varint(leaves.count)
            for leaf in leaves { leaf.encode(into: &writer) }
        default: encodeAttachments(into: &writer)
        }
        return writer.bytes
    }

    private func encodeAttachments(into writer: inout ByteWriter) {
        switch self {
        case .wantAttachments(let request, let key, let position, let entry, let leaves):
            writer.byte(8)
            Message.place(request, key, position, entry, &writer)
            leaves.encode(into: &writer)
        case .attachments(let request, let notHeld, let attachments):
            writer.byte(9)
            writer.varint(request)
            notHeld.encode(into: &writer)
            writer.varint(attachments.count)
            for attachment in attachments {
                writer.varint(attachment.leaf)
                writer.block(attachment.bytes)
            }
        case .notHeld(let request):
            writer.byte(10)
            writer.varint(request)
        case .wantSeal(let key):
            writer.byte(11)
            key.encode(into: &writer)
        default: break
        }
    }

    private static func place(
        _ request: UInt64, _ key: LogKey, _ position: UInt64, _ entry: Bytes32, _ writer: inout ByteWriter
    ) {
        writer.varint(request)
        key.encode(into: &writer)
        writer.varint(position)
        writer.identifier(entry)
    }
}

extension Message {
    /// Reads exactly one message. Nil for a kind that this version does not know and that says it may be passed over
    /// (64 and above): newer peers may say more.
    public static func read(_ bytes: [UInt8]) throws(Malformed) -> Message? {
        guard bytes.count <= most else { throw Malformed("message", .tooLarge, at: 0) }
        var reader = ByteReader(bytes)
        let kind = try reader.byte("message's kind")
        if kind >= 64 { return nil }
        let message = try kind < 8 ? readLog(kind, &reader) : readAttachments(kind, &reader)
        try reader.finish("message")
        return message
    }

    private static func readLog(_ kind: UInt8, _ reader: inout ByteReader) throws(Malformed) -> Message {
        switch kind {
        case 1:
            return .mark(
                feed: try reader.identifier16(FeedID.self, "feed"), change: try reader.varint("change"),
                store: try reader.identifier16(StoreEpoch.self, "store epoch"))
        case 2:
            return .since(feed: try reader.identifier16(FeedID.self, "feed"), change: try reader.varint("change"))
        case 3: return .heads(try Heads.decode(from: &reader))
        case 4:
            return .wantEntries(
                request: try reader.varint("request"), key: try LogKey.decode(from: &reader),
                tip: try reader.identifier32("tip"), first: try reader.varint("first entry"),
                count: try reader.varint("entries", most: mostEntries))
        case 5:
            let (request, first) = (try reader.varint("request"), try reader.varint("first entry"))
            var entries: [[UInt8]] = []
            for _ in 0..<(try reader.count("entries", most: Int(mostEntries))) {
                entries.append(try reader.block("entry", most: Signed<Seal>.mostBytes + 128))
            }
            return .entries(request: request, first: first, entries)
        case 6:
            let (request, key, position, entry) = try readPlace(&reader)
            return .wantIndex(
                request: request, key: key, position: position, entry: entry,
                from: try reader.varint("first leaf", most: UInt64(Seal.mostBlocks)))
        case 7:
            let request = try reader.varint("request")
            let total = try reader.varint("leaves", most: UInt64(Seal.mostBlocks))
            let from = try reader.varint("first leaf", most: total)
            var leaves: [Leaf] = []
            for _ in 0..<(try reader.count("leaves", most: mostLeaves)) {
                leaves.append(try Leaf.decode(from: &reader))
            }
            return .index(request: request, total: total, from: from, leaves)
        default: throw Malformed("message's kind", .unknown, at: 0)
        }
    }

    private static func readAttachments(_ kind: UInt8, _ reader: inout ByteReader) throws(Malformed) -> Message {
        switch kind {
        case 8:
            let (request, key, position, entry) = try readPlace(&reader)
            return .wantAttachments(
                request: request, key: key, position: position, entry: entry, leaves: try Ranges.decode(from: &reader))
        case 9:
            let request = try reader.varint("request")
            let notHeld = try Ranges.decode(from: &reader)
            var attachments: [Attachment] = []
            for _ in 0..<(try reader.count("attachments", most: mostAttachments)) {
                attachments.append(
                    Attachment(
                        leaf: try reader.varint("leaf"), bytes: try reader.block("attachment", most: Attachment.most)))
            }
            return .attachments(request: request, notHeld: notHeld, attachments)
        case 10: return .notHeld(request: try reader.varint("request"))
        case 11: return .wantSeal(key: try LogKey.decode(from: &reader))
        default: throw Malformed("message's kind", .unknown, at: 0)
        }
    }

    private static func readPlace(
        _ reader: inout ByteReader
    ) throws(Malformed) -> (request: UInt64, key: LogKey, position: UInt64, entry: Bytes32) {
        (
            try reader.varint("request"), try LogKey.decode(from: &reader), try reader.varint("position"),
            try reader.identifier32("entry")
        )
    }
}

extension Heads {
    func encode(into writer: inout ByteWriter) {
        writer.identifier(feed)
        writer.varint(after)
        writer.varint(upTo)
        writer.varint(summaries.count)
        for summary in summaries { summary.encode(into: &writer) }
    }

    static func decode(from reader: inout ByteReader) throws(Malformed) -> Heads {
        var heads = Heads(
            feed: try reader.identifier16(FeedID.self, "feed"), after: try reader.varint("change"),
            upTo: try reader.varint("change"), summaries: [])
        for _ in 0..<(try reader.count("summaries", most: Message.mostSummaries)) {
            heads.summaries.append(try LogSummary.decode(from: &reader))
        }
        return heads
    }
}

extension LogSummary {
    func encode(into writer: inout ByteWriter) {
        key.encode(into: &writer)
        writer.varint(tips.count)
        for tip in tips {
            writer.varint(tip.count)
            writer.identifier(tip.head)
            tip.complete.encode(into: &writer)
            tip.partial.encode(into: &writer)
        }
        writer.varint(receipts.count)
        for receipt in receipts { receipt.encode(into: &writer) }
    }

    static func decode(from reader: inout ByteReader) throws(Malformed) -> LogSummary {
        var summary = LogSummary(key: try LogKey.decode(from: &reader), tips: [])
        for _ in 0..<(try reader.count("tips", most: mostTips)) {
            summary.tips.append(
                Tip(
                    count: try reader.varint("entries"), head: try reader.identifier32("head"),
                    complete: try Ranges.decode(from: &reader), partial: try Ranges.decode(from: &reader)))
        }
        for _ in 0..<(try reader.count("receipts", most: mostReceipts)) {
            summary.receipts.append(try Signed<Receipt>.decode(from: &reader))
        }
        return summary
    }
}
