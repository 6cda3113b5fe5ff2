/// How the kernel answered a management command.
struct MgmtStatus: Hashable, Sendable, CustomStringConvertible {
    var code: UInt8
    init(_ code: UInt8) { self.code = code }

    static let success = MgmtStatus(0x00)
    static let unknownCommand = MgmtStatus(0x01)
    static let notConnected = MgmtStatus(0x02)
    static let failed = MgmtStatus(0x03)
    static let connectFailed = MgmtStatus(0x04)
    static let authenticationFailed = MgmtStatus(0x05)
    static let notPaired = MgmtStatus(0x06)
    static let noResources = MgmtStatus(0x07)
    static let timeout = MgmtStatus(0x08)
    static let alreadyConnected = MgmtStatus(0x09)
    static let busy = MgmtStatus(0x0A)
    static let rejected = MgmtStatus(0x0B)
    static let notSupported = MgmtStatus(0x0C)
    static let invalidParameters = MgmtStatus(0x0D)
    static let disconnected = MgmtStatus(0x0E)
    static let notPowered = MgmtStatus(0x0F)
    static let cancelled = MgmtStatus(0x10)
    static let invalidIndex = MgmtStatus(0x11)
    static let blockedByRfkill = MgmtStatus(0x12)
    static let alreadyPaired = MgmtStatus(0x13)
    static let permissionDenied = MgmtStatus(0x14)

    private static let words = [
        "success", "unknown command", "not connected", "failed", "the connection failed", "authentication failed",
        "not paired", "no resources", "timed out", "already connected", "busy", "rejected", "not supported",
        "invalid parameters", "disconnected", "the adapter is off", "cancelled", "no such adapter",
        "blocked by a radio switch (rfkill)", "already paired", "permission denied (CAP_NET_ADMIN is needed)",
    ]

    var description: String {
        Int(code) < MgmtStatus.words.count ? MgmtStatus.words[Int(code)] : "status \(code)"
    }
}
