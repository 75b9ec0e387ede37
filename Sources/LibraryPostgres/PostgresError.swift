/// Why PostgreSQL did not do what it was asked to.
package enum PostgresError: Error, Sendable, Equatable {
    /// libpq is missing on this machine.
    case notInstalled
    case badURL(String)
    /// The server answered with an error.
    case server(Report)
    /// The connection could not be made, or was lost. What libpq says.
    case lost(String)
    /// The server did not answer in time; the connection was closed.
    case deadline(Duration)
    /// `COMMIT` was sent, and nobody knows whether the transaction lasts: no answer came, or one with a warning. The
    /// connection was closed.
    case inDoubt(String)
    /// `COMMIT` was answered with `ROLLBACK`: a statement of the transaction had failed.
    case rolledBack
    /// The server is one on which the store cannot work.
    case unsuitable(String)
    /// A value has another form than the caller takes it for.
    case unexpected(String)
    /// The connection, or all of them, were closed before.
    case closed
    /// Too many wait for a connection, or have waited for too long.
    case overloaded

    /// What the server says in an error.
    package struct Report: Sendable, Equatable {
        /// Five characters (PostgreSQL 15 documentation, appendix A).
        package let sqlState: String
        /// The primary message. The detail is left out: it has the values of columns.
        package let message: String
        package let constraint: String?
        /// Whether the error ended the connection: its severity is FATAL or PANIC.
        package let endsConnection: Bool

        package init(sqlState: String, message: String, constraint: String? = nil, endsConnection: Bool = false) {
            self.sqlState = sqlState
            self.message = message
            self.constraint = constraint
            self.endsConnection = endsConnection
        }
    }

    /// What was read before a lock is no longer so: the transaction is to be done again.
    static let changedMeanwhile = PostgresError.server(
        Report(sqlState: "40001", message: "a row has changed before it was locked"))

    /// What a caller can do about an error.
    package enum Classification: Sendable, Equatable {
        /// Nothing was done: it may be done on another connection.
        case onAnotherConnection
        /// Nothing was done: it may be done again on the same connection.
        case onSameConnection
        /// Look whether it was done.
        case inDoubt
        case diskFull
        /// A row that is referred to is missing.
        case missingReference
        /// A row with that value exists, says the constraint.
        case duplicate(constraint: String)
        /// A text that the server cannot store: it has a NUL.
        case unstorableText
        case other
    }

    /// - Note: In a transaction, after an error that may be tried again on the same connection, all of the transaction
    ///   must be done again.
    package var classification: Classification {
        switch self {
        case .lost, .deadline: .onAnotherConnection
        case .inDoubt: .inDoubt
        case .server(let report): report.classification
        case .notInstalled, .badURL, .rolledBack, .unsuitable, .unexpected, .closed, .overloaded: .other
        }
    }

    /// The SQLSTATE, if the server sent one.
    package var sqlState: String? { if case .server(let report) = self { report.sqlState } else { nil } }

    /// Whether the server ended the connection with it. Then it may have written a commit before, but not with 25P03.
    var endsConnection: Bool { if case .server(let report) = self { report.endsConnection } else { false } }
}

extension PostgresError.Report {
    fileprivate var classification: PostgresError.Classification {
        switch sqlState {
        // 25006: the server is a standby by now. 53300: it has too many connections. 25P03: a transaction was idle for
        // too long. 26000: it has forgotten the statements of the connection.
        case "25006", "53300", "25P03", "26000": .onAnotherConnection
        case _ where sqlState.hasPrefix("08") || sqlState.hasPrefix("57P"): .onAnotherConnection
        // A serialization failure, a deadlock, a lock that did not come free in time.
        case "40001", "40P01", "55P03": .onSameConnection
        case "53100": .diskFull
        case "23503": .missingReference
        case "23505": .duplicate(constraint: constraint ?? "")
        case "22021": .unstorableText
        default: .other
        }
    }
}

extension PostgresError: CustomStringConvertible {
    /// For the log. It has no password, and of values only those that the server names in a primary message.
    package var description: String {
        switch self {
        case .notInstalled:
            "libpq 14 or newer is not installed; install it with apt-get install libpq5"
        case .badURL(let reason), .lost(let reason), .unsuitable(let reason), .unexpected(let reason): reason
        case .server(let report): "\(report.message) (SQLSTATE \(report.sqlState))"
        case .deadline(let time): "the database server did not answer within \(time)"
        case .inDoubt(let reason): "nobody knows whether a transaction was committed: \(reason)"
        case .rolledBack: "the transaction was rolled back, because one of its statements had failed"
        case .closed: "the connection to the database is closed"
        case .overloaded: "too many requests wait for the database"
        }
    }
}
