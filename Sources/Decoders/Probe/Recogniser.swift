/// Listens to bytes at one speed and says what they are, once it is sure.
struct Recogniser {
    /// What was recognised, and by what.
    struct Found {
        var kind: Kind
        var frames: Int
        var lines: [[UInt8]] = []
    }

    enum Kind: Hashable, Sendable {
        case nmea, dsmr, sml
        /// Frames of a description in the library.
        case description(String)
        case lines(LineGuess.Form)
    }

    private struct Candidate {
        var kind: Kind
        var framer: any Framer
        /// Points that make it sure: two for a whole, right frame.
        var needed: Int
        /// Points for a frame whose checksum does not fit. The marks of meters are so long that their frames are known even
        /// by these, and noise spares few of their long frames.
        var forWrong = 0
        var points = 0
    }

    private var candidates: [Candidate]
    private var guess = LineGuess()
    private var lines = LineFramer(most: 512)
    private(set) var bytes = 0
    private(set) var printable = 0

    init(_ library: DecoderLibrary) {
        candidates = [
            Candidate(kind: .nmea, framer: NMEAFramer(), needed: 4),
            Candidate(kind: .dsmr, framer: DSMRFramer(), needed: 2, forWrong: 1),
            Candidate(kind: .sml, framer: SMLFramer(), needed: 2, forWrong: 1),
        ]
        for description in library.descriptions {
            // Only framing with a checksum can be told from chance.
            guard let framing = description.serial?.framing, framing.isChecked, case .sync = framing else { continue }
            candidates.append(Candidate(kind: .description(description.name), framer: framing.framer(), needed: 4))
        }
    }

    /// Whether it is worth to stay at this speed although nothing is sure.
    var isPromising: Bool {
        // A meter's frame takes half a second; its beginning has eight bytes that nothing else has.
        candidates.contains { $0.points > 0 || $0.kind == .sml && $0.framer.pending > 8 }
            || bytes >= 16 && 20 * printable >= 19 * bytes
    }

    mutating func feed(_ raw: UnsafeRawBufferPointer) -> Found? {
        bytes += raw.count
        for byte in raw where (32...126).contains(byte) || byte == 10 || byte == 13 || byte == 9 { printable += 1 }
        for index in candidates.indices {
            var points = 0
            let forWrong = candidates[index].forWrong
            candidates[index].framer.feed(raw) { event in
                switch event {
                case .frame: points += 2
                case .fault(.checksum, let count): points += forWrong * count
                case .fault: break
                }
            }
            candidates[index].points += points
            if candidates[index].points >= candidates[index].needed {
                return Found(kind: candidates[index].kind, frames: (candidates[index].points + 1) / 2)
            }
        }
        var guess = self.guess
        lines.feed(raw) { if case .frame(let line) = $0 { guess.add(line) } }
        self.guess = guess
        // Text with a known form of its own is never taken for CSV.
        guard !guess.isBroken, candidates.allSatisfy({ $0.points == 0 }), let form = guess.form else { return nil }
        guard !guess.lines.contains(where: { [36, 33, 47].contains($0.first) }) else { return nil }
        return Found(kind: .lines(form), frames: guess.lines.count, lines: guess.lines)
    }

    /// After noise, lines may become clean again.
    mutating func pause() {
        if guess.isBroken { guess = LineGuess() }
        for index in candidates.indices { candidates[index].framer.silence { _ in } }
    }
}
