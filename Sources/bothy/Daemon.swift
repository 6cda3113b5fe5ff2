import CLinux
import Control
import Gateway
import Glibc
import Settings
import System

/// Puts the gateway and its front together and runs them until they are told to stop.
enum Daemon {
    static func run(_ invocation: Invocation) -> Int32 {
        let options = Options(
            configFile: ConfigCommands.file(of: invocation), configMustExist: invocation.value("config") != nil,
            stateFolder: invocation.value("state") ?? "/var/lib/bothy",
            runtimeFolder: invocation.value("runtime") ?? "/run/bothy", scenario: invocation.value("scenario"),
            version: Version.text)
        let configuration: Configuration
        do {
            configuration = try read(options)
        } catch {
            Log.error("config", "\(error)")
            return ExitStatus.badSettings
        }
        configureLog(invocation.value("log"), configuration)
        do {
            return try serve(options, configuration, invocation)
        } catch {
            Log.error("gateway", "\(error)")
            return "\(type(of: error))" == "Taken" ? ExitStatus.stateInUse : ExitStatus.failed
        }
    }

    static func read(_ options: Options) throws -> Configuration {
        Configuration(try ConfigCommands.load(options.configFile, mustExist: options.configMustExist))
    }

    private static func serve(_ options: Options, _ configuration: Configuration, _ invocation: Invocation) throws
        -> Int32
    {
        // Before the first thread, so that all threads leave these signals to us.
        let signals = bothy_signalfd([SIGTERM, SIGINT, SIGHUP], 3)
        guard signals >= 0 else { throw SystemFailure.last("signalfd") }
        let loop = try Loop(name: "bothy")
        let diskLoop = try Loop(name: "bothy-disk")
        diskLoop.start()
        let gateway = try Gateway(options: options, configuration: configuration, loop: loop, diskLoop: diskLoop)
        gateway.root.add(
            try ControlComponent(gateway: gateway, socketPath: socketPath(options, invocation), reload: read))
        let finished: () -> Void = { loop.stop() }
        try loop.watch(signals, .readable) { _ in
            while true {
                switch bothy_signalfd_next(signals) {
                case 0: return
                case SIGHUP: _ = try? gateway.reload(read)
                default:
                    // Asked twice: whoever asks does not want to wait.
                    if gateway.isEnding { exit(ExitStatus.failed) }
                    gateway.stop(finished: finished)
                }
            }
        }
        try gateway.start(finished: finished)
        if Terminal.isTerminal(2), !invocation.quiet { greet(options, invocation) }
        loop.run()
        diskLoop.stop()
        return gateway.exitStatus
    }

    private static func socketPath(_ options: Options, _ invocation: Invocation) -> String {
        invocation.value("socket") ?? options.runtimeFolder + "/bothy.sock"
    }

    private static func configureLog(_ wished: String?, _ configuration: Configuration) {
        let log = configuration.tree["log"]
        let form = wished ?? log["form"].text
        let level = Log.Level.allCases.first { $0.name == log["level"].text } ?? .info
        Log.configure(
            form: Log.Form(rawValue: form) ?? (getenv("JOURNAL_STREAM") != nil ? .journal : .text), least: level)
    }

    private static func greet(_ options: Options, _ invocation: Invocation) {
        let socket = socketPath(options, invocation)
        let flag = socket == Invocation.usualSocket ? "" : " --socket \(socket)"
        Terminal.message(
            """

              Recording. In a second terminal:
                bothy status\(flag)
                bothy sensor list\(flag)
                bothy page\(flag)
              Ctrl-C stops.

            """)
    }
}
