import CPostgres

/// One result of libpq, which is freed with this value.
struct Answer: ~Copyable {
    let result: OpaquePointer

    init(_ result: OpaquePointer) { self.result = result }

    deinit { cpostgres_clear(result) }

    var status: ExecStatusType { cpostgres_resultStatus(result) }

    var outcome: Outcome {
        Outcome(
            tag: String(cString: cpostgres_cmdStatus(result)),
            count: Int(String(cString: cpostgres_cmdTuples(result))) ?? 0
        )
    }

    func forEachRow(_ body: (Row) throws -> Void) rethrows {
        for row in 0..<cpostgres_ntuples(result) { try body(Row(result, row)) }
    }

    /// The error that the server reports; `nil` if libpq reports one.
    var report: PostgresError.Report? {
        guard let sqlState = Self.field(cpostgres_sqlstate, of: result) else { return nil }
        return .init(
            sqlState: sqlState,
            message: Self.field(cpostgres_message, of: result) ?? "the database server does not say what is wrong",
            constraint: Self.field(cpostgres_constraint, of: result),
            endsConnection: Self.field(cpostgres_severity, of: result) != "ERROR")
    }

    /// The message of a notice, if its severity is WARNING.
    static func warning(in notice: OpaquePointer) -> String? {
        field(cpostgres_severity, of: notice) == "WARNING" ? field(cpostgres_message, of: notice) ?? "" : nil
    }

    private static func field(_ field: Int, of result: OpaquePointer) -> String? {
        cpostgres_resultErrorField(result, Int32(field)).map { String(cString: $0) }
    }
}

/// The outcome of a statement.
struct Outcome {
    /// Such as `COMMIT` or `INSERT 0 1`.
    var tag = ""
    /// How many rows were read or changed; 0 for a statement that does neither.
    var count = 0

    /// - Throws: ``PostgresError/rolledBack`` if the statement was to commit, and did not.
    func checked(of statement: Statement) throws -> Outcome {
        guard statement != .commit || tag == "COMMIT" else { throw PostgresError.rolledBack }
        return self
    }
}
