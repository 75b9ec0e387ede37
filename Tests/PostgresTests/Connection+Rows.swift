import LibraryPostgres

extension Connection {
    /// What `read` takes from each row.
    func rows<Value>(
        _ statement: Statement, _ values: [LibraryPostgres.Value] = [], _ read: (Row) throws -> Value
    ) throws -> [Value] {
        var rows: [Value] = []
        try run(statement, values) { rows.append(try read($0)) }
        return rows
    }

    /// The text of the first column of the first row.
    func text(_ statement: Statement, _ values: [LibraryPostgres.Value] = []) throws -> String? {
        try rows(statement, values) { try $0.isNull(0) ? nil : $0.text(0) }.first ?? nil
    }
}
