import Control
import Gateway
import Glibc
import System

/// The daemon itself.
enum DaemonCommands {
    static let all = [run]

    private static let run = Command(
        path: ["run"], summary: "Run the gateway in the foreground",
        details: """
            Records every sensor it is told of until it gets SIGTERM or ctrl-C, then stops within two seconds with everything \
            on disk. SIGHUP takes up a changed settings file. Ends with 0 after a clean stop, 1 where it could not start, 2 on bad \
            settings, 4 where another daemon has the state folder, 70 where a part failed more often than it may.
            """,
        flags: [
            ConfigCommands.configFlag,
            .init(name: "state", value: "DIR", summary: "what must not be lost (/var/lib/bothy)", completes: .files),
            .init(
                name: "runtime", value: "DIR", summary: "the socket and what is pending, on a tmpfs (/run/bothy)",
                completes: .files),
            .init(name: "scenario", value: "FILE", summary: "simulated sensors", completes: .files),
            .init(
                name: "log", value: "FORM", summary: "how log lines look", choices: ["auto", "text", "journal", "json"]),
        ],
        examples: [
            .init(
                line: "bothy run --state /tmp/bothy --runtime /run/user/1000/bothy --scenario demo.yaml",
                meaning: "Try it without installing: eight simulated sensors."),
            .init(line: "bothy run --config barn.yaml --log json", meaning: "As a service of your own would."),
        ]
    ) { invocation in
        let status = Daemon.run(invocation)
        if status != 0 { throw DaemonEnded(status: status) }
    }
}
