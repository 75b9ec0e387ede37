extension Connection {
    /// Runs `body` in a transaction. If it throws, nothing was changed.
    /// - Throws: what `body` throws; ``PostgresError/inDoubt(_:)`` if nobody knows whether the transaction lasts; any
    ///   other ``PostgresError`` if it does not.
    package func transaction<Value>(_ body: () throws -> Value) throws -> Value {
        try run(.begin)
        let value: Value
        do {
            value = try body()
        } catch {
            rollback()
            throw error
        }
        do {
            try run(.commit)
        } catch {
            rollback()
            throw error
        }
        return value
    }

    /// Ends a transaction if one has begun. A connection on which that fails is closed, which ends it too.
    package func rollback() {
        guard isInTransaction else { return }
        do {
            try run(.rollback)
        } catch {
            close()
        }
    }
}
