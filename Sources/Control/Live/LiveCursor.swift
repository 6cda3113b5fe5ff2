import Measurements
import Notation

/// How far somebody has read: the run, and of each stream the number of the next sample. As text
/// `<run in hex>/<stream>.<next>-<stream>.<next>`, which survives in a URL and in an event's id.
struct LiveCursor: Equatable, Sendable {
    var run: RunID
    var next: [StreamNumber: SampleNumber]

    static let mostStreams = 4096

    init(run: RunID, next: [StreamNumber: SampleNumber]) {
        self.run = run
        self.next = next
    }

    init?(_ text: String) {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard halves.count == 2, let run = Hex.decode(halves[0]).flatMap({ RunID($0) }) else { return nil }
        self.run = run
        next = [:]
        for part in halves[1].split(separator: "-") {
            let numbers = part.split(separator: ".")
            guard numbers.count == 2, let stream = StreamNumber(numbers[0]), let number = SampleNumber(numbers[1]),
                next.count < LiveCursor.mostStreams
            else { return nil }
            next[stream] = number
        }
    }

    var text: String {
        var text = Hex.encode(run.bytes) + "/"
        for (index, stream) in next.keys.sorted().enumerated() {
            if index > 0 { text += "-" }
            text += "\(stream).\(next[stream] ?? 0)"
        }
        return text
    }
}
