import CPostgres

/// A connection to one server, which one thread at a time uses.
///
/// Each statement is prepared once. Each answer has a deadline; when it is over, or when the connection is lost, the
/// connection is closed, and each further call throws ``PostgresError/closed``.
package final class Connection {
    package static let openingDeadline = Duration.seconds(2)
    package static let answerDeadline = Duration.seconds(3)

    let libpq: LibpqConnection
    let host: DatabaseURL.Host
    /// The facts that the server told of itself when the connection was opened.
    package let facts: ServerFacts
    /// When whoever uses the connection waits no longer for any answer; `nil` for as long as answers may take.
    var limit: ContinuousClock.Instant?
    /// The names of the statements that are prepared.
    var names: [Statement: String] = [:]
    private var namesGiven = 0
    /// More than the store has.
    private static let keptStatements = 512

    /// Connects to a server, and sets what ``SessionSettings`` says.
    /// - Parameter settings: more of them.
    /// - Throws: ``PostgresError``: also ``PostgresError/unsuitable(_:)`` if a setting has another value afterwards.
    package init(
        _ host: DatabaseURL.Host, settings: [(String, String)] = [], within time: Duration = openingDeadline
    ) throws {
        self.host = host
        let end = Deadline(in: time)
        libpq = try LibpqConnection(host.parameters, by: end)
        facts = try SessionSettings.apply(to: libpq, with: settings, by: end)
    }

    package var isOpen: Bool { libpq.isOpen }

    /// Whether a transaction has begun that has not ended.
    package var isInTransaction: Bool { libpq.isInTransaction }

    package func close() { libpq.close() }

    /// Runs a statement and reads all of its rows.
    ///
    /// A statement that writes belongs into a transaction: only ``Statement/commit`` tells a commit that lasts from one
    /// in doubt.
    /// - Parameters:
    ///   - isStreamed: hand on each row when it comes, so that no more than one is kept; else when all have come.
    ///   - time: how long the answer may take; if it is streamed, each of its rows.
    ///   - body: takes one row after the other. In a stream an error may come after rows.
    /// - Returns: how many rows were read or changed.
    /// - Throws: ``PostgresError``, or what `body` throws; then the rest of the rows is read and dropped.
    @discardableResult
    package func run(
        _ statement: Statement, _ values: [Value] = [], isStreamed: Bool = false,
        within time: Duration = answerDeadline, _ body: (Row) throws -> Void = { _ in }
    ) throws -> Int {
        let encoded = try EncodedValues(values)
        let end = Deadline(in: time, by: limit)
        try prepare(statement, by: end)
        return try settlingDoubt(ifCommit: statement == .commit) {
            try send(statement, encoded)
            if isStreamed { try libpq.call(cpostgres_setSingleRowMode) }
            try libpq.flush(by: end)
            return try libpq.answer(by: isStreamed ? { Deadline(in: time, by: self.limit) } : { end }, body)
                .checked(of: statement).count
        }
    }

    /// Sends a statement, prepared if it has a name, without waiting for anything.
    func send(_ statement: Statement, _ encoded: EncodedValues) throws {
        guard let name = names[statement] else {
            return try libpq.call { cpostgres_sendQuery($0, statement.text) }
        }
        try encoded.withPointers { count, addresses, lengths, formats in
            try libpq.call { cpostgres_sendQueryPrepared($0, name, count, addresses, lengths, formats) }
        }
    }

    /// A name that no statement of the connection has.
    func nextName() -> String {
        namesGiven &+= 1
        return "s\(namesGiven)"
    }

    /// Makes the server forget its statements if there are too many.
    func dropStatements(by end: Deadline) throws {
        guard names.count >= Self.keptStatements else { return }
        try libpq.query("DEALLOCATE ALL", by: end)
        names = [:]
    }

    /// Runs `body`, which may send a `COMMIT` and read its answer.
    /// - Throws: ``PostgresError/inDoubt(_:)`` if there was no answer, or one that does not promise that the
    ///   transaction lasts; what `body` throws otherwise.
    func settlingDoubt<Value>(ifCommit isCommit: Bool, _ body: () throws -> Value) throws -> Value {
        guard isCommit else { return try body() }
        libpq.forgetWarning()
        let wasOpen = isOpen
        let result = Result { try body() }
        // A wait for a standby that was cancelled ends with success and this warning.
        var doubt = libpq.warning
        if case .failure(let failure) = result, wasOpen {
            let error = failure as? PostgresError
            if !isOpen || error?.endsConnection == true {
                close()
                // The server ends a transaction that was idle for too long before it performs the next statement.
                if error?.sqlState != "25P03" { doubt = error?.description ?? "the connection was lost" }
            }
        }
        if let doubt {
            close()
            throw PostgresError.inDoubt(doubt)
        }
        return try result.get()
    }

    private func prepare(_ statement: Statement, by end: Deadline) throws {
        guard !statement.isControl, names[statement] == nil else { return }
        try dropStatements(by: end)
        let name = nextName()
        try libpq.call { cpostgres_sendPrepare($0, name, statement.text) }
        try libpq.flush(by: end)
        try libpq.answer(by: { end })
        names[statement] = name
    }
}
