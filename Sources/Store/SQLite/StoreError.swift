import CSQLite
import System

/// A statement, a file or a promise of the store that failed, with its evidence.
public struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What it means for those who have to decide something.
    public enum Cause: Hashable, Sendable {
        /// The file system has no room left, or a quota is reached.
        case full
        /// The file, or its file system, takes no writes.
        case readOnly
        /// The device failed.
        case inputOutput
        /// What was read is not what was written.
        case corrupt
        /// Somebody else holds the file.
        case busy
        /// The reader was stopped by its owner or because it stood in the way of the writer.
        case cancelled
        /// The file is of a later version of the program, which alone may touch it.
        case newer
        /// The ring holds nothing that its policy lets go.
        case refused
        /// What was handed over cannot be stored as it is: a mistake of the caller.
        case invalid
        case other
    }

    public var cause: Cause
    /// SQLite's extended code, or the system's where no statement was involved.
    public var code: Int32
    /// `errno` of the call below SQLite; 0 where there was none.
    public var systemCode: Int32
    /// The statement, or the call.
    public var statement: String
    public var path: String
    public var message: String

    public init(
        cause: Cause, code: Int32 = 0, systemCode: Int32 = 0, statement: String, path: String, message: String
    ) {
        self.cause = cause
        self.code = code
        self.systemCode = systemCode
        self.statement = statement
        self.path = path
        self.message = message
    }

    public init(_ failure: SystemFailure) {
        self.init(
            cause: StoreError.cause(ofSystemCode: failure.code), code: failure.code, systemCode: failure.code,
            statement: failure.call, path: failure.subject, message: failure.reason)
    }

    static func corrupt(_ path: String, _ where: String, _ message: String) -> StoreError {
        StoreError(cause: .corrupt, code: SQLITE_CORRUPT, statement: `where`, path: path, message: message)
    }

    public var description: String {
        var text = "\(path): \(message) (\(statement); code \(code)"
        if systemCode != 0 { text += ", system code \(systemCode)" }
        return text + ")"
    }

    static func cause(of code: Int32, systemCode: Int32) -> Cause {
        switch code & 0xff {
        case SQLITE_FULL: .full
        case SQLITE_READONLY, SQLITE_PERM: .readOnly
        case SQLITE_CORRUPT, SQLITE_NOTADB: .corrupt
        case SQLITE_BUSY, SQLITE_LOCKED, SQLITE_PROTOCOL: .busy
        case SQLITE_INTERRUPT: .cancelled
        case SQLITE_IOERR, SQLITE_CANTOPEN:
            // SQLite reports a full or read-only disk as an I/O error where the call was not a write of its own.
            systemCode == 0 ? .inputOutput : cause(ofSystemCode: systemCode)
        default: .other
        }
    }

    private static func cause(ofSystemCode code: Int32) -> Cause {
        switch code {
        case 28, 122: .full  // ENOSPC, EDQUOT
        case 30, 13, 1: .readOnly  // EROFS, EACCES, EPERM
        default: .inputOutput
        }
    }
}
