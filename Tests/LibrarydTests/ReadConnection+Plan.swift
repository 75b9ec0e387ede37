import GRDBSQLite

@testable import LibraryStore

extension ReadConnection {
    /// The steps in which SQLite performs a statement (https://sqlite.org/eqp.html).
    func plan(_ sql: String, _ values: [ColumnValue]) throws -> [String] {
        var steps: [String] = []
        try rows("EXPLAIN QUERY PLAN " + sql, values) { row in
            steps.append(String(cString: sqlite3_column_text(row, 3)))
            return true
        }
        return steps
    }
}
