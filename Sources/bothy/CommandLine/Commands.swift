/// Every command there is, in the order of help. A subject adds its own list here.
enum Commands {
    static let all: [Command] =
        DaemonCommands.all + StatusCommands.all + SensorCommands.all + RadioCommands.all + ExportCommands.all
        + AccessCommands.all
        + PeerCommands.all
        + KeyCommands.all
        + DocumentCommands.all
        + ConfigCommands.all
        + DoctorCommands.all
        + PortCommands.all
        + DecoderCommands.all
        + ShellCommands.all
}
