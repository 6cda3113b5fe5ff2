/// How the daemon was started.
public struct Options: Sendable {
    public var configFile: String
    /// False where no file was named and the usual one may be missing.
    public var configMustExist: Bool
    public var stateFolder: String
    public var runtimeFolder: String
    /// From the command line; goes before the settings file.
    public var scenario: String?
    public var version: String

    public init(
        configFile: String, configMustExist: Bool, stateFolder: String, runtimeFolder: String, scenario: String?,
        version: String
    ) {
        self.configFile = configFile
        self.configMustExist = configMustExist
        self.stateFolder = stateFolder
        self.runtimeFolder = runtimeFolder
        self.scenario = scenario
        self.version = version
    }
}

/// How the daemon ends; documented with `bothy run --help`.
public enum ExitStatus {
    public static let clean: Int32 = 0
    public static let failed: Int32 = 1
    public static let badSettings: Int32 = 2
    public static let stateInUse: Int32 = 4
    /// Something failed more often than its budget allows; whoever runs the daemon should start it again.
    public static let gaveUp: Int32 = 70
}
