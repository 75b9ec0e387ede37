import GRDB

extension StoreError {
    init(_ error: DatabaseError) {
        let cause = Cause(error)
        switch error.resultCode {
        case .SQLITE_CONSTRAINT where error.extendedResultCode == .SQLITE_CONSTRAINT_FOREIGNKEY: self = .ownerDeleted
        case .SQLITE_FULL: self = .full(cause)
        // A read that took too long.
        case .SQLITE_INTERRUPT: self = .busy
        case .SQLITE_IOERR, .SQLITE_BUSY, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_NOMEM: self = .unavailable(cause)
        default: self = .failed(cause)
        }
    }

    /// The error as those outside of the store see it: SQLite's own stay inside.
    package static func outside(_ error: any Error) -> any Error {
        (error as? DatabaseError).map { StoreError($0) } ?? error
    }
}

extension StoreError.Cause {
    /// The kind of an extended result code (https://www.sqlite.org/rescode.html).
    static let sqlite = "sqlite"

    init(_ error: DatabaseError) {
        self.init(Self.sqlite, "\(error.extendedResultCode.rawValue)", error.message ?? "")
    }
}
