extension Connection {
    /// Runs statements for which the server makes a plan of their own, in a transaction.
    ///
    /// A plan that is kept from when the tables were small may read all of a table for each row. That costs nothing
    /// then, and minutes once a file has filled the table. For statements of many rows, a plan is cheap.
    /// - Parameter others: statements before them, with plans that are kept: the checks of foreign keys are planned as
    ///   the statement is.
    /// - Returns: how many rows each of the requests has read or changed.
    @discardableResult
    func pipelinePlanned(
        _ requests: [Request], after others: [Request] = [], _ body: (Int, Row) throws -> Void = { _, _ in }
    ) throws -> [Int] {
        let first = others.count + 1
        let counts = try pipeline(others + [Request(Self.planEach)] + requests + [Request(Self.keepPlans)]) {
            try body($0 - first, $1)
        }
        return Array(counts.dropFirst(first).dropLast())
    }

    /// Runs one such statement.
    @discardableResult
    func runPlanned(
        _ statement: Statement, _ values: [Value], _ body: (Row) throws -> Void = { _ in }
    ) throws -> Int {
        try pipelinePlanned([Request(statement, values)]) { try body($1) }.first ?? 0
    }

    private static let planEach: Statement = "SET LOCAL plan_cache_mode = force_custom_plan"
    private static let keepPlans: Statement = "SET LOCAL plan_cache_mode = auto"
}
