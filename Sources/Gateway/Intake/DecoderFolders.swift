import Decoders
import Glibc
import System

/// The decoder files of some folders, read again when one of them changes. A bad file is skipped and told; the others go on.
final class DecoderFolders {
    static let lookEveryMs: Int64 = 5_000
    static let mostFiles = 512

    private(set) var library = DecoderLibrary()
    var onChange: (DecoderLibrary) -> Void = { _ in }
    private let folders: [String]
    private let loop: Loop
    private var seen: [Stamp] = []
    private var timer: TimerToken?

    private struct Stamp: Hashable {
        var path: String
        var size: Int64
        var seconds: Int64
        var nanoseconds: Int64
    }

    init(_ folders: [String], loop: Loop) {
        self.folders = folders
        self.loop = loop
        seen = stamps()
        library = read()
    }

    func start() {
        for error in library.errors { Log.warning("decoders", "skipped: \(error)") }
        timer = timer ?? loop.repeating(everyMs: DecoderFolders.lookEveryMs) { [weak self] in self?.look() }
    }

    /// Reads again what changed since the last look.
    func look() {
        let now = stamps()
        guard now != seen else { return }
        seen = now
        library = read()
        for error in library.errors { Log.warning("decoders", "skipped: \(error)") }
        onChange(library)
    }

    private func stamps() -> [Stamp] {
        var found: [Stamp] = []
        for folder in folders {
            for name in Files.list(folder).filter({ $0.hasSuffix(".json") }).sorted()
            where found.count < DecoderFolders.mostFiles {
                var facts = stat()
                guard stat("\(folder)/\(name)", &facts) == 0 else { continue }
                found.append(
                    Stamp(
                        path: "\(folder)/\(name)", size: Int64(facts.st_size), seconds: Int64(facts.st_mtim.tv_sec),
                        nanoseconds: Int64(facts.st_mtim.tv_nsec)))
            }
        }
        return found
    }

    private func read() -> DecoderLibrary {
        DecoderLibrary(
            seen.compactMap { stamp in
                guard let bytes = try? Files.read(stamp.path, most: DecoderLibrary.mostFileBytes + 1) else {
                    return nil
                }
                return (name: stamp.path, bytes: bytes)
            })
    }
}
