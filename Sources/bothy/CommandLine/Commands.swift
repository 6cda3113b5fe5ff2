/// Every command there is, in the order of help. A subject adds its own list here.
enum Commands {
    static let all: [Command] = subjects.flatMap { $0 }

    private static let subjects: [[Command]] = [
        DaemonCommands.all,
        StatusCommands.all,
        SensorCommands.all,
        ExportCommands.all,
        PortCommands.all,
        RadioCommands.all,
        DecoderCommands.all,
        AccessCommands.all,
        PeerCommands.all,
        KeyCommands.all,
        ConfigCommands.all,
        DocumentCommands.all,
        DoctorCommands.all,
        ShellCommands.all,
    ]
}
