import CPostgres

extension Connection {
    /// Sends several statements in one round trip, and reads all answers (PostgreSQL 15 documentation, section 34.5).
    ///
    /// After one that fails the server skips the others. A transaction that a statement of them began must then be
    /// ended with ``rollback()``.
    /// - Parameters:
    ///   - time: how long all answers together may take.
    ///   - body: takes one row after the other, with the index of its request. A `COMMIT` among the requests is
    ///     performed even if it throws.
    /// - Returns: how many rows each request has read or changed.
    /// - Throws: the first error, after the last answer.
    @discardableResult
    package func pipeline(
        _ requests: [Request], within time: Duration = answerDeadline, _ body: (Int, Row) throws -> Void = { _, _ in }
    ) throws -> [Int] {
        let encoded = try requests.map { try EncodedValues($0.values) }
        let end = Deadline(in: time, by: limit)
        try dropStatements(by: end)
        return try settlingDoubt(ifCommit: requests.contains { $0.statement == .commit }) {
            try libpq.call(cpostgres_enterPipelineMode)
            let steps = try send(requests, encoded)
            try libpq.call(cpostgres_pipelineSync)
            try libpq.flush(by: end)
            let counts = Result { try answers(to: requests, steps, by: end, body) }
            let ending = Result { try libpq.endPipeline(by: end) }
            // The first error says more than what comes of it.
            _ = try counts.get()
            try ending.get()
            return try counts.get()
        }
    }

    private enum Step {
        case prepare(Statement)
        /// The index of a request.
        case run(Int)
    }

    private func send(_ requests: [Request], _ encoded: [EncodedValues]) throws -> [Step] {
        var steps: [Step] = []
        for index in requests.indices {
            let statement = requests[index].statement
            if !statement.isControl, names[statement] == nil {
                let name = nextName()
                try libpq.call { cpostgres_sendPrepare($0, name, statement.text) }
                names[statement] = name
                steps.append(.prepare(statement))
            }
            try send(statement, encoded[index])
            steps.append(.run(index))
        }
        return steps
    }

    private func answers(
        to requests: [Request], _ steps: [Step], by end: Deadline, _ body: (Int, Row) throws -> Void
    ) throws -> [Int] {
        var counts: [Int] = []
        var failure: (any Error)?
        for step in steps {
            do {
                switch step {
                case .prepare:
                    try libpq.answer(by: { end })
                case .run(let index):
                    let outcome = try libpq.answer(by: { end }) { try body(index, $0) }
                    counts.append(try outcome.checked(of: requests[index].statement).count)
                }
            } catch {
                failure = failure ?? error
                if case .prepare(let statement) = step { names[statement] = nil }
            }
        }
        if let failure { throw failure }
        return counts
    }
}

extension LibpqConnection {
    fileprivate func endPipeline(by end: Deadline) throws {
        guard let answer = try next(by: end), answer.status == PGRES_PIPELINE_SYNC else { throw loss() }
        try call(cpostgres_exitPipelineMode)
    }
}
