import Hashing
import Identity
import Notation
import System

/// The gateway's identity.
enum KeyCommands {
    static let all = [show]

    static let stateFlag = Command.Flag(
        name: "state", value: "DIR", summary: "the state folder (/var/lib/bothy)", completes: .files)

    private static let show = Command(
        path: ["identity", "show"], summary: "Show who this gateway is",
        details:
            "The words stand for the key: compare them over the telephone. Asks the daemon, or reads the state folder.",
        flags: [stateFlag],
        examples: [.init(line: "bothy identity show", meaning: "Its id, its short form, its words.")]
    ) { invocation in
        let id = try Self.id(invocation)
        if invocation.wantsJSON {
            return Terminal.print(
                JSONWriter.pretty([
                    "id": .string(KeyText.full(id)), "short": .string(KeyText.short(id)),
                    "words": .string(KeyText.words(id)),
                ]))
        }
        Terminal.print("\(Style.bold(KeyText.short(id)))\n  id     \(KeyText.full(id))\n  words  \(KeyText.words(id))")
    }

    private static func id(_ invocation: Invocation) throws -> Bytes32 {
        if let folder = invocation.value("state") {
            guard let identity = try KeyFolder(path: folder).existingIdentity() else {
                throw CommandFailure.failed(
                    "there is no identity in \(folder) yet", hint: "it is made at the first start: bothy run")
            }
            return identity.id
        }
        guard let id = KeyText.parse(try invocation.client.get("/v1/status")["gateway"]?["id"]?.string ?? "") else {
            throw CommandFailure.failed("the daemon's id cannot be read")
        }
        return id
    }
}
