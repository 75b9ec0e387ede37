import GRDB
import GRDBSQLite
import Shared

extension Store {
    /// Adds the authors of a file, in one transaction; a line that fails harms no other.
    /// - Parameters:
    ///   - options: if atomic and a line fails, or if it is a dry run, nothing is changed.
    ///   - request: if it came before, what it answered is answered again.
    /// - Returns: what became, or would become, of each line.
    func createAuthors(
        _ lines: [AuthorLines.Line], owner: Int64, options: BulkOptions, as request: IdempotentRequest? = nil,
        at now: Timestamp
    ) async throws -> [BulkResult] {
        defer { revisions.advance(owner) }
        do {
            return try await writer.write { db in
                if let reply = try Self.reply(db, to: request, owner: owner, at: now) {
                    var kept = try BulkResult.list(ndjson: reply).makeIterator()
                    return lines.compactMap { $0.fault ?? kept.next() }
                }
                var work = BulkWork(db: db, owner: owner, onConflict: options.onConflict, now: now)
                let results = try lines.map { try work.store($0) }
                try work.tellOfCreated()
                let hasFailed = results.contains { $0.outcome == BulkResult.Outcome.failed.rawValue }
                if options.dryRun || options.atomic && hasFailed { throw Undone(results: results) }
                // What changed nothing may be done again. A line that cannot be read never can, so nobody fills the disk with those.
                if let request, work.hasChanged {
                    let answered = zip(lines, results).filter { $0.0.fault == nil }.map(\.1)
                    try Self.keep(db, reply: BulkResult.ndjson(answered), to: request, owner: owner, at: now)
                }
                return results
            }
        } catch let undone as Undone {
            return undone.results
        }
    }

    /// The results of a transaction that is rolled back.
    private struct Undone: Error {
        let results: [BulkResult]
    }

    /// A part of the owner's list as a file has it, and where the next part begins.
    func authors(
        _ query: AuthorQuery, owner: Int64, as format: AuthorLines.Format
    ) async throws -> (bytes: [UInt8], next: String?) {
        let statement = try AuthorListStatement(query, owner: owner)
        return try await readers.withConnectionElsewhere { try statement.part($0, as: format) }
    }
}

extension AuthorLines.Line {
    /// What becomes of a line that cannot be read, always.
    fileprivate var fault: BulkResult? {
        if case .failure(let fault) = draft { BulkResult(line: number, fault) } else { nil }
    }
}

extension BulkResult {
    fileprivate init(line: Int, _ fault: AuthorLines.Fault) {
        let code: ErrorCode =
            switch fault {
            case .syntax, .missingColumn: .invalidJSON
            case .invalid: .invalidFields
            }
        self.init(line: line, failed: code, fault.description)
    }
}

/// The lines of one transaction.
private struct BulkWork {
    let db: Database
    let owner: Int64
    let onConflict: BulkOptions.Conflict
    let now: Timestamp
    /// The id before the first author that was created and has no event yet.
    private var untold: Int64?
    private(set) var hasChanged = false

    init(db: Database, owner: Int64, onConflict: BulkOptions.Conflict, now: Timestamp) {
        self.db = db
        self.owner = owner
        self.onConflict = onConflict
        self.now = now
    }

    mutating func store(_ line: AuthorLines.Line) throws -> BulkResult {
        let draft: AuthorDraft
        switch line.draft {
        case .success(let value): draft = value
        case .failure(let fault): return BulkResult(line: line.number, fault)
        }
        // Looked for first where it is expected: a constraint that fails costs five times as much.
        if onConflict != .fail, let id = try Store.existingAuthor(db, owner: owner, name: draft.name, book: draft.book)
        {
            if onConflict == .skip { return BulkResult(line: line.number, .skipped, id: id) }
            try update(id, draft)
            return BulkResult(line: line.number, .updated, id: id)
        }
        do {
            let author = try Store.insertWithoutEvent(db, draft, owner: owner, at: now)
            untold = untold ?? author.id - 1
            hasChanged = true
            return BulkResult(line: line.number, .created, id: author.id)
        } catch let failure as Failure where failure.code == .authorExists {
            return BulkResult(line: line.number, failure)
        }
    }

    private mutating func update(_ id: Int64, _ draft: AuthorDraft) throws {
        hasChanged = true
        // It may have been created by an earlier line, and is told of as it was then.
        try tellOfCreated()
        // Name and book are the same, so the search index is.
        try db.cachedStatement(
            sql: """
                UPDATE author SET country = ?, booker_prize = ?, updated_at = ?, version = version + 1
                WHERE id = ? AND owner = ?
                """
        ).execute(arguments: [draft.country, draft.bookerPrize, now.milliseconds, id, owner])
        let author = try Store.author(db, id: id, owner: owner)
        try Store.record(db, AuthorEvent.updated, author, owner: owner, at: now)
    }

    mutating func tellOfCreated() throws {
        if let untold { try Store.recordCreated(db, after: untold, owner: owner, at: now) }
        untold = nil
    }
}

extension AuthorRow {
    /// Writes the current row as a record of comma-separated values (RFC 4180).
    static func write(_ row: SQLiteStatement, csv: inout [UInt8]) {
        for column in Int32(0)...7 {
            if column > 0 { csv.append(UInt8(ascii: ",")) }
            switch column {
            case 1, 2, 3: quote(row, column, to: &csv)
            case 4: csv.append(contentsOf: (sqlite3_column_int64(row, 4) != 0 ? "true" : "false").utf8)
            case 5, 6:
                csv.append(contentsOf: Timestamp(milliseconds: sqlite3_column_int64(row, column)).description.utf8)
            default: csv.append(contentsOf: String(sqlite3_column_int64(row, column)).utf8)
            }
        }
        csv.append(contentsOf: [UInt8(ascii: "\r"), UInt8(ascii: "\n")])
    }

    private static func quote(_ row: SQLiteStatement, _ column: Int32, to csv: inout [UInt8]) {
        let start = sqlite3_column_text(row, column)
        let text = UnsafeBufferPointer(start: start, count: Int(sqlite3_column_bytes(row, column)))
        let quote = UInt8(ascii: "\"")
        // No line ends: there are no control characters.
        guard text.contains(where: { $0 == quote || $0 == UInt8(ascii: ",") }) else {
            return csv.append(contentsOf: text)
        }
        csv.append(quote)
        for byte in text {
            if byte == quote { csv.append(quote) }
            csv.append(byte)
        }
        csv.append(quote)
    }
}
