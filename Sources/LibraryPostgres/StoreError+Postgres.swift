import LibraryStore
package import Shared

extension StoreError {
    init(_ error: PostgresError) {
        let cause = Cause("sqlstate", error.sqlState ?? "", error.description)
        switch error.classification {
        case .diskFull: self = .full(cause)
        case .missingReference: self = .ownerDeleted
        case .onAnotherConnection, .onSameConnection: self = .unavailable(cause)
        case .inDoubt: self = .outcomeUnknown(cause)
        case .duplicate, .unstorableText, .other:
            switch error {
            case .closed: self = .closed
            case .overloaded: self = .busy
            // A statement that took longer than `statement_timeout`.
            case .server(let report) where report.sqlState == "57014": self = .busy
            // Memory, another limit, or the disk of the server.
            case .server(let report) where ["53", "58"].contains(report.sqlState.prefix(2)): self = .unavailable(cause)
            default: self = .failed(cause)
            }
        }
    }
}

extension CommandError {
    /// The failure of opening a database.
    package init(opening error: any Error, _ place: String) {
        guard let error = error as? PostgresError else {
            self = error as? CommandError ?? CommandError(.internalError, "\(place): \(error)")
            return
        }
        switch error {
        case .notInstalled:
            self.init(.configuration, "libpq is not installed", hint: "apt-get install libpq5")
        case .badURL(let reason), .unsuitable(let reason): self.init(.configuration, reason)
        case .server(let report) where report.sqlState == "42501":
            self.init(
                .configuration, "\(place): \(report.message)",
                hint: "make the role the owner of the database, as createdb -O ROLE DATABASE does")
        case .server(let report) where ["28", "3D"].contains(report.sqlState.prefix(2)):
            self.init(.configuration, "\(place): \(report.message)")
        default: self.init(.unavailable, "\(place): \(error)")
        }
    }
}
