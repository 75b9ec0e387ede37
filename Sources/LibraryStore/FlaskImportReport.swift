package import Shared

/// What an import did, or would do, with each row.
package struct FlaskImportReport: JSONReadable, JSONWritable {
    package struct Row: JSONReadable, JSONWritable, Equatable {
        package enum Outcome: String, CaseIterable {
            case imported
            /// It was there already, from an earlier import.
            case present
            /// It is not in the library.
            case skipped
        }

        /// `user` or `author`.
        package let table: String
        package let id: String
        package let name: String
        package let outcome: String
        /// What else there is to say; may be empty.
        package let note: String

        package init(_ table: String, _ id: String, _ name: String, _ outcome: Outcome, _ note: String = "") {
            self.table = table
            self.id = shortened(id)
            self.name = shortened(name)
            self.outcome = outcome.rawValue
            self.note = note
        }

        package init(from object: inout ObjectReader) {
            table = object.string("table")
            id = object.string("id")
            name = object.string("name")
            outcome = object.string("outcome")
            note = object.string("note")
        }

        package func write(to json: inout JSONWriter) {
            json.object {
                $0.member("table", table)
                $0.member("id", id)
                $0.member("name", name)
                $0.member("outcome", outcome)
                $0.member("note", note)
            }
        }
    }

    package var rows: [Row] = []

    package init() {}

    package init(from object: inout ObjectReader) {
        rows = object.array("rows")
    }

    package func write(to json: inout JSONWriter) {
        json.object { $0.member("rows", rows) }
    }

    package func count(_ table: String, _ outcome: Row.Outcome) -> Int {
        rows.count { $0.table == table && $0.outcome == outcome.rawValue }
    }
}

/// A user of the tutorial, ready to be stored.
package struct ImportedUser: Sendable {
    package let old: FlaskLibrary.User
    /// `nil` if it has none that can be used.
    package let passwordHash: String?

    package init(old: FlaskLibrary.User, passwordHash: String?) {
        self.old = old
        self.passwordHash = passwordHash
    }
}
