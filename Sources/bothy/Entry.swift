import System

/// Runs what was typed and says how it went.
enum Entry {
    static func run(_ words: [String]) -> Int32 {
        do {
            switch try Parser.parse(words, among: Commands.all) {
            case .help(let path): try HelpPrinter.print(path)
            case .run(let invocation): try invocation.command.run(invocation)
            }
            return 0
        } catch let failure as CommandFailure {
            return say(failure)
        } catch let status as DaemonEnded {
            return status.status
        } catch {
            return say(.failed("\(error)"))
        }
    }

    private static func say(_ failure: CommandFailure) -> Int32 {
        Terminal.message("bothy: \(failure.message)")
        if let hint = failure.hint { Terminal.message("  → \(hint)") }
        return failure.status.rawValue
    }
}

/// The daemon has ended by itself and has already said why.
struct DaemonEnded: Error { let status: Int32 }

extension Invocation {
    static let usualSocket = "/run/bothy/bothy.sock"

    /// Where the daemon listens: as told, by the environment, or in the usual place.
    var client: Client {
        Client(socketPath: value("socket") ?? Terminal.environment("BOTHY_SOCKET") ?? Invocation.usualSocket)
    }
}
