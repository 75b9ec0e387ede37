package import LibraryStore
package import Shared

extension PostgresStore {
    package func undo(
        _ request: UndoRequest, owner: Int64, from origin: Int64?, as key: IdempotentRequest?, at now: Timestamp,
        clock: (@Sendable () -> Timestamp)?
    ) async throws -> UndoReport {
        if request.dryRun == true {
            return try await readSlowly { connection in
                try connection.run(.beginSnapshot)
                return try UndoPlan(request, of: UndoneLibrary(connection, owner), at: now).report(Message.wouldUndo)
            }
        }
        return try await writeAlone(owner: owner, on: files) { change in
            let connection = change.connection
            if let reply = try Self.reply(change, to: key, at: now) {
                return try UndoReport(json: reply, unknownMembers: .ignored)
            }
            // The owner's events are in the order of their times.
            let now = max(now, clock?() ?? now)
            let plan = try UndoPlan(request, of: UndoneLibrary(connection, owner), at: now)
            try Self.perform(plan, change, from: origin, at: now)
            let report = plan.report(Message.undone)
            try Self.keep(connection, reply: report.json, to: key, owner: owner, at: now)
            return report
        }
    }

    /// Performs the steps. Rows that get another name or book are removed first: one author can get those of another.
    private static func perform(
        _ plan: UndoPlan, _ change: LibraryChange, from origin: Int64?, at now: Timestamp
    ) throws {
        let removed = plan.steps.filter { $0.before != nil && !$0.keepsKey }.map(\.id)
        try removed.forEachPart(of: AuthorWrites.part) { ids in
            try change.connection.runPlanned(deleteAuthors, [.integer(change.owner), .integers(Array(ids))])
        }
        try plan.steps.forEachPart(of: AuthorWrites.part) { steps in
            var writes = AuthorWrites(change)
            for (number, step) in zip(change.nextEvents(steps.count)..., steps) {
                if let after = step.after, step.keepsKey {
                    writes.update(after, event: number)
                } else if let after = step.after {
                    writes.insert(after, event: number)
                }
                writes.record(
                    step.event, of: step.id, number: number, after: step.last, step.before, from: origin, at: now)
                writes.link(step.last, to: number)
            }
            try writes.send()
        }
    }

    private static let deleteAuthors: Statement = "DELETE FROM author WHERE owner = $1 AND id = ANY ($2::bigint[])"
}

/// What a plan reads of a library.
private struct UndoneLibrary: UndoSource {
    private let connection: Connection
    private let owner: Int64
    private static let part = 4096

    init(_ connection: Connection, _ owner: Int64) { (self.connection, self.owner) = (connection, owner) }

    func position() throws -> EventPosition {
        let position = try PostgresStore.lastEvent(connection, owner: owner)
        try LibraryChange.require(position.sequence)
        return position
    }

    func origin(ofImport id: String) throws -> (number: Int64, firstEvent: Int64)? {
        try PostgresStore.origin(connection, ofImport: id, owner: owner).map { ($0.number, $0.firstEvent) }
    }

    func countOfEvents(from first: Int64, through last: Int64) throws -> Int64 {
        let count: Statement = "SELECT count(*) FROM author_event WHERE owner = $1 AND sequence BETWEEN $2 AND $3"
        return try integer(count, [.integer(first), .integer(last)]) ?? 0
    }

    func oldestEvent(from first: Int64, through last: Int64) throws -> Timestamp? {
        let oldest: Statement = "SELECT min(at) FROM author_event WHERE owner = $1 AND sequence BETWEEN $2 AND $3"
        return try integer(oldest, [.integer(first), .integer(last)]).map { Timestamp(milliseconds: $0) }
    }

    private func integer(_ statement: Statement, _ values: [Value]) throws -> Int64? {
        var integer: Int64?
        try connection.runPlanned(statement, [.integer(owner)] + values) { row in
            integer = try row.integerIfAny(0)
        }
        return integer
    }

    func events(_ selection: UndoPlan.Selection, _ body: (UndoPlan.Event) -> Void) throws {
        let (last, origin): (Int64, Int64?) =
            switch selection.others {
            case .none: (selection.first, nil)
            case .following: (.max, nil)
            case .ofOrigin(let number): (.max, number)
            }
        let column = AuthorField.all.count
        var (first, count) = (selection.first, Self.part)
        while count == Self.part {
            let values: [Value] = [.integer(owner), .integer(first), .integer(last), Value(origin)]
            count = try connection.runPlanned(Self.selectEvents, values) { row in
                let number = try row.integer(column)
                let isKept = try !row.isNull(AuthorField.version.rawValue)
                body(
                    UndoPlan.Event(
                        number: number, kind: try row.text(column + 1), id: try row.integer(0),
                        next: try row.integerIfAny(column + 2),
                        before: isKept ? try Author(row) : nil))
                first = number + 1
            }
        }
    }

    func authors(_ ids: [Int64]) throws -> [Int64: Author] {
        var authors: [Int64: Author] = [:]
        try ids.forEachPart(of: Self.part) { ids in
            try connection.runPlanned(Self.selectAuthors, [.integer(owner), .integers(Array(ids))]) { row in
                let author = try Author(row)
                authors[author.id] = author
            }
        }
        return authors
    }

    func holders(ofKeysOf authors: [Author]) throws -> [Int64?] {
        var holders: [Int64?] = []
        try authors.forEachPart(of: Self.part) { authors in
            let values: [Value] = [.integer(owner), .texts(authors.map(\.name)), .texts(authors.map(\.book))]
            try connection.runPlanned(Self.selectHolders, values) { row in
                holders.append(try row.integerIfAny(0))
            }
        }
        return holders
    }

    private static let selectEvents = Statement(
        """
        SELECT \(AuthorRow.columns), sequence, kind, next FROM author_event
        WHERE owner = $1 AND sequence BETWEEN $2 AND $3 AND ($4::bigint IS NULL OR origin = $4)
        ORDER BY sequence LIMIT \(part)
        """)
    private static let selectAuthors = Statement(
        "SELECT \(AuthorRow.columns) FROM author WHERE owner = $1 AND id = ANY ($2::bigint[])")
    private static let selectHolders: Statement = """
        SELECT (SELECT id FROM author WHERE owner = $1 AND name = key.name AND book = key.book)
        FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS key (name, book, place) ORDER BY place
        """
}
