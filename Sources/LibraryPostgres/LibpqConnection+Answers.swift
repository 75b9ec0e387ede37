import CPostgres

extension LibpqConnection {
    /// Runs a statement that has no values and is not prepared.
    func query(_ text: String, by end: Deadline, _ body: (Row) throws -> Void = { _ in }) throws {
        try call { cpostgres_sendQuery($0, text) }
        try flush(by: end)
        try answer(by: { end }, body)
    }

    /// Reads what a statement is answered with.
    /// - Parameters:
    ///   - end: of the wait for the next result.
    ///   - body: takes one row after the other.
    /// - Throws: the first error, after the last result.
    @discardableResult
    func answer(by end: () -> Deadline, _ body: (Row) throws -> Void = { _ in }) throws -> Outcome {
        var outcome = Outcome()
        var failure: (any Error)?
        do {
            while let answer = try next(by: end()) {
                do {
                    try take(answer, failure == nil ? body : { _ in })
                    outcome = answer.outcome
                } catch {
                    failure = failure ?? error
                }
            }
        } catch {
            // Before the server ends a connection it says why.
            throw failure ?? error
        }
        if let failure { throw failure }
        return outcome
    }

    private func take(_ answer: borrowing Answer, _ body: (Row) throws -> Void) throws {
        switch answer.status {
        case PGRES_SINGLE_TUPLE, PGRES_TUPLES_OK:
            try answer.forEachRow(body)
        case PGRES_COMMAND_OK:
            break
        case PGRES_PIPELINE_ABORTED:
            throw Skipped()
        case PGRES_FATAL_ERROR:
            guard let report = answer.report else { throw loss() }
            throw PostgresError.server(report)
        default:
            close()
            throw PostgresError.lost("the database server gave an answer that nobody asked for")
        }
    }
}

/// A statement in a pipeline was not run, because one before it failed.
struct Skipped: Error {}
