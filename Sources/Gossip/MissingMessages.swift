import Hashing

/// Contents that neighbours announced and that have not come.
struct MissingMessages {
    private struct Entry {
        var announcers: [(peer: PeerID, hops: UInt16)] = []
        var dueAt: Int64
    }

    private let mostAPeer: Int
    private var entries: [Bytes32: Entry] = [:]
    private var held: [PeerID: Int] = [:]
    /// In the order of asking; ids that came meanwhile are passed over.
    private var order = TimerOrder()

    init(mostAPeer: Int) { self.mostAPeer = mostAPeer }

    var deadline: Int64? { order.first }

    mutating func note(_ announcement: Announcement, from peer: PeerID, dueAt: Int64) {
        guard held[peer, default: 0] < mostAPeer else { return }
        if entries[announcement.id] == nil {
            entries[announcement.id] = Entry(dueAt: dueAt)
            order.insert(announcement.id, at: dueAt)
        }
        guard entries[announcement.id]?.announcers.contains(where: { $0.peer == peer }) == false else { return }
        entries[announcement.id]?.announcers.append((peer, announcement.hops))
        held[peer, default: 0] += 1
    }

    /// It came: who had announced it.
    mutating func remove(_ id: Bytes32) -> [(peer: PeerID, hops: UInt16)] {
        guard let entry = entries.removeValue(forKey: id) else { return [] }
        for announcer in entry.announcers { release(announcer.peer) }
        return entry.announcers
    }

    mutating func remove(announcedBy peer: PeerID) {
        guard held.removeValue(forKey: peer) != nil else { return }
        for id in Array(entries.keys) { entries[id]?.announcers.removeAll { $0.peer == peer } }
    }

    /// Whom to ask now for what. Who was asked leaves the list; a content that nobody is left to give is forgotten.
    mutating func due(_ now: Int64, next: Int64) -> [(peer: PeerID, announcement: Announcement)] {
        var asks: [(peer: PeerID, announcement: Announcement)] = []
        while let (id, at) = order.pop(upTo: now) {
            guard var entry = entries[id], entry.dueAt == at else { continue }
            guard !entry.announcers.isEmpty else {
                entries[id] = nil
                continue
            }
            let first = entry.announcers.removeFirst()
            release(first.peer)
            asks.append((first.peer, Announcement(id: id, hops: first.hops)))
            entry.dueAt = next
            entries[id] = entry
            order.insert(id, at: next)
        }
        return asks
    }

    private mutating func release(_ peer: PeerID) {
        guard let count = held[peer] else { return }
        held[peer] = count > 1 ? count - 1 : nil
    }
}

/// Ids by time. Times come almost sorted, so that an insertion sort from the end is cheap.
struct TimerOrder {
    private var entries: [(id: Bytes32, at: Int64)] = []
    private var start = 0

    var first: Int64? { start < entries.count ? entries[start].at : nil }

    mutating func insert(_ id: Bytes32, at: Int64) {
        var index = entries.count
        while index > start, entries[index - 1].at > at { index -= 1 }
        entries.insert((id, at), at: index)
    }

    mutating func pop(upTo now: Int64) -> (id: Bytes32, at: Int64)? {
        guard start < entries.count, entries[start].at <= now else { return nil }
        defer {
            start += 1
            if start > 64, start * 2 > entries.count {
                entries.removeFirst(start)
                start = 0
            }
        }
        return entries[start]
    }
}
