import Foundation
import LibraryStore
import Shared
import Testing

@testable import LibraryPostgres

/// A library in each engine, in which the same is done.
final class Mirror: Sendable {
    let sqlite: SQLiteStore
    let library: TestStore
    var postgres: PostgresStore { library.store }
    private let folder: String

    /// - Parameter users: how many there are; their ids begin with 1.
    init(users: Int64 = 1, history: HistoryLimit = HistoryLimit()) async throws {
        var template = Array("/tmp/libraryd-mirror-XXXXXX".utf8CString)
        folder = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
        sqlite = try SQLiteStore(path: folder + "/library.db", history: history)
        library = try await TestStore(history: history)
        for user in 1...users {
            try await sqlite.createUser(
                publicID: "u\(user)", name: "user\(user)", passwordHash: "", by: .operator,
                at: Timestamp(milliseconds: 1))
            try library.addUser(user)
        }
    }

    deinit {
        sqlite.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    static let author = [
        "owner", "id", "name", "book", "country", "booker_prize", "created_at", "updated_at", "version", "event",
        "name_key", "book_key", "country_key",
    ]
    static let event = [
        "owner", "sequence", "kind", "at", "id", "previous", "next", "name", "book", "country", "booker_prize",
        "created_at", "updated_at", "version", "origin",
    ]
    static let origin = ["user", "number", "session", "client", "import", "first_event"]

    /// SQLite's ids by those of PostgreSQL, which leaves some out: from the events, and of authors whose events are
    /// gone from the number of their last one.
    private func ids() throws -> [String: String] {
        let events = try (sqlite.rows(.authorEvent, Self.event), library.rows(.authorEvent, Self.event))
        var ids = Dictionary(zip(events.1, events.0).map { ($0[4], $1[4]) }) { first, _ in first }
        let authors = try (sqlite.rows(.author, Self.author), library.rows(.author, Self.author))
        let known = Dictionary(authors.0.map { ([$0[0], $0[9]], $0[1]) }) { first, _ in first }
        for author in authors.1 { ids[author[1]] = ids[author[1]] ?? known[[author[0], author[9]]] }
        return ids
    }

    /// Expects the same authors and events in both, whatever the ids and the numbers of origins.
    func check(_ what: String, isSameID: Bool = false, _ location: SourceLocation = #_sourceLocation) throws {
        let ids = isSameID ? [:] : try ids()
        #expect(Set(ids.values).count == ids.count, "\(what)", sourceLocation: location)
        func origins(_ rows: [[String]]) -> [String: String] {
            Dictionary(uniqueKeysWithValues: rows.map { ("\($0[0]) \($0[1])", "\($0[2...])") })
        }
        func differences(_ one: [[String]], _ other: [[String]]) -> [String] {
            if one.count != other.count { return ["\(one.count) and \(other.count) rows"] }
            return zip(one, other).filter { $0 != $1 }.prefix(3).map { "\($0) and \($1)" }
        }
        let (named, others) = (
            origins(try sqlite.rows(.origin, Self.origin)), origins(try library.rows(.origin, Self.origin))
        )
        #expect(named.values.sorted() == others.values.sorted(), "\(what)", sourceLocation: location)
        let authors = try library.rows(.author, Self.author).map { row in
            row.enumerated().map { $0 == 1 ? ids[$1] ?? $1 : $1 }
        }
        #expect(
            differences(try sqlite.rows(.author, Self.author), authors) == [], "\(what)", sourceLocation: location)
        let events = try library.rows(.authorEvent, Self.event).map { row in
            row.enumerated().map { $0 == 4 ? ids[$1] ?? $1 : $0 == 14 ? others["\(row[0]) \($1)"] ?? $1 : $1 }
        }
        let expected = try sqlite.rows(.authorEvent, Self.event).map { row in
            row.enumerated().map { $0 == 14 ? named["\(row[0]) \($1)"] ?? $1 : $1 }
        }
        #expect(differences(expected, events) == [], "\(what)", sourceLocation: location)
        try library.checkRows(what, location)
    }

    /// Does the same in both.
    /// - Returns: what it gave, or the error that it threw.
    func both<Value: Sendable>(
        _ body: (any Store) async throws -> Value
    ) async -> (sqlite: Result<Value, StoreError>, postgres: Result<Value, StoreError>) {
        func result(_ store: any Store) async -> Result<Value, StoreError> {
            do {
                return .success(try await body(store))
            } catch let error as StoreError {
                return .failure(error)
            } catch {
                Issue.record("\(error)")
                return .failure(.busy)
            }
        }
        return (await result(sqlite), await result(postgres))
    }
}

extension Store {
    func create(_ draft: AuthorDraft, owner: Int64 = 1, at now: Int64) async throws -> Author {
        try await withCheckedThrowingContinuation { continuation in
            createAuthor(draft, owner: owner, from: nil, as: nil, at: Timestamp(milliseconds: now)) {
                continuation.resume(with: $0)
            }
        }
    }

    /// Stores the lines of a text of NDJSON, as a request with one batch does.
    func importLines(
        _ text: String, _ options: BulkOptions = BulkOptions(), owner: Int64 = 1, import id: String? = nil,
        key: String? = nil, at now: Int64
    ) async throws -> [BulkResult] {
        let request = IdempotentRequest(key, "authors", content: Array(text.utf8))
        return try await createAuthors(
            Self.lines(text, options), owner: owner, from: ImportOrigin(nil, import: id), options: options,
            as: request, at: Timestamp(milliseconds: now))
    }

    /// Stores a text as a whole file.
    func importFile(
        _ text: String, _ options: BulkOptions, _ format: AuthorLines.Format = .ndjson, owner: Int64 = 1,
        import id: String? = nil, key: String? = nil, at now: Int64, clock: (@Sendable () -> Timestamp)? = nil
    ) async throws -> BulkReport {
        let contents = spool()
        try contents.append(Array(text.utf8))
        let file = key.map { IdempotentFile($0, digest: Digest.sha256(Array(text.utf8))) }
        return try await createAuthors(
            of: contents, format, owner: owner, from: ImportOrigin(nil, import: id), options: options, as: file,
            at: Timestamp(milliseconds: now), clock: clock)
    }

    func undo(_ request: UndoRequest, owner: Int64 = 1, key: String? = nil, at now: Int64) async throws -> UndoReport {
        try await undo(
            request, owner: owner, from: nil,
            as: IdempotentRequest(key, "undo", content: request.json), at: Timestamp(milliseconds: now), clock: nil)
    }

    static func lines(_ text: String, _ options: BulkOptions) -> [AuthorLines.Line] {
        var reader = AuthorLines(.ndjson, restIsNeeded: options.restIsNeeded, unknownMembers: .rejected)
        reader.append(text.utf8)
        var lines: [AuthorLines.Line] = []
        while let line = try? reader.next(atEnd: true) { lines.append(line) }
        return lines
    }
}

extension BulkReport {
    var list: [BulkResult] {
        get throws {
            var bytes: [UInt8] = []
            try results.forEachPiece { bytes += $0 }
            return try BulkResult.list(ndjson: bytes)
        }
    }
}

extension BulkResult {
    /// `LINE OUTCOME ID`, or the code and the id of the author that is in the way.
    var shown: String {
        let rest = [id.map { "\($0)" }, code, existingID.map { "\($0)" }].compactMap(\.self)
        return (["\(line)", outcome] + rest).joined(separator: " ")
    }
}

extension BulkOptions {
    init(_ conflict: Conflict, atomic: Bool = false, dryRun: Bool = false, country: String? = nil) {
        self.init()
        (onConflict, self.atomic, self.dryRun, defaultCountry) = (conflict, atomic, dryRun, country)
    }
}

extension SQLiteStore {
    /// Rows as texts.
    func rows(_ table: StoredTable, _ columns: [String]) throws -> [[String]] {
        var rows: [[String]] = []
        _ = try export { try $0.forEach(of: table, columns) { rows.append($0.map(\.shown)) } }
        return rows
    }
}

extension StoredValue {
    fileprivate var shown: String {
        switch self {
        case .integer(let integer): "\(integer)"
        case .text(let text): text.scalars
        case .bytes(let bytes): Digest.hexadecimal(bytes)
        case .null: "-"
        }
    }
}

extension String {
    /// Such that canonical equivalence does not matter.
    fileprivate var scalars: String { unicodeScalars.map { $0.escaped(asASCII: true) }.joined() }
}

extension TestStore {
    func addUser(_ id: Int64) throws {
        let connection = try connect()
        defer { connection.close() }
        try connection.run(
            """
            INSERT INTO "user" (id, public_id, name, password_hash, created_at, updated_at) OVERRIDING SYSTEM VALUE
            VALUES ($1::bigint, 'u' || $1::bigint, 'user' || $1::bigint, '', 1, 1)
            """, [.integer(id)])
        try connection.run("INSERT INTO event_counter (owner) VALUES ($1)", [.integer(id)])
    }

    /// Rows as texts.
    func rows(_ table: StoredTable, _ columns: [String]) throws -> [[String]] {
        let connection = try connect()
        defer { connection.close() }
        let values = columns.map { column in
            ["booker_prize", "admin", "disabled"].contains(column)
                ? "\"\(column)\"::integer"
                : ["hash", "refresh_hash", "login_key", "request", "reply"].contains(column)
                    ? "encode(\"\(column)\", 'hex')" : "\"\(column)\""
        }
        let order = [StoredTable.author: "owner, id", .authorEvent: "owner, sequence", .user: "id", .audit: "id"][table]
        return try connection.rows(
            Statement("SELECT \(values.joined(separator: ", ")) FROM \"\(table.rawValue)\" ORDER BY \(order ?? "1")")
        ) { row in
            try columns.indices.map { try row.isNull($0) ? "-" : row.text($0).scalars }
        }
    }

    /// Expects what all rows fulfil, whatever wrote them.
    func checkRows(_ what: String, _ location: SourceLocation = #_sourceLocation) throws {
        let connection = try connect()
        defer { connection.close() }
        // The numbers are those of the counter, without gaps.
        let gaps: Statement = """
            SELECT count(*) FROM event_counter AS c WHERE last <> coalesce(
                (SELECT max(sequence) FROM author_event WHERE owner = c.owner), last)
                OR (SELECT max(sequence) - min(sequence) + 1 - count(*) FROM author_event WHERE owner = c.owner) <> 0
            """
        #expect(try connection.integer(gaps) == 0, "\(what)", sourceLocation: location)
        let lost: Statement = """
            SELECT count(*) FROM author_event AS e
                LEFT JOIN author_event AS n ON n.owner = e.owner AND n.sequence = e.next AND n.previous = e.sequence
                    AND n.id = e.id
                LEFT JOIN author AS a ON a.owner = e.owner AND a.id = e.id AND a.event = e.sequence
            WHERE CASE WHEN e.next IS NOT NULL THEN n.id IS NULL ELSE (a.id IS NULL) <> (e.kind = 'deleted') END
            """
        #expect(try connection.integer(lost) == 0, "\(what)", sourceLocation: location)
        let authors = try connection.rows("SELECT owner, name, book, words::text FROM author") { row in
            (try row.integer(0), try row.text(1), try row.text(2), try row.text(3))
        }
        let words = try connection.rows(
            "SELECT words::tsvector::text FROM unnest($1::text[]) WITH ORDINALITY AS w (words, place) ORDER BY place",
            [.texts(authors.map { Words.vector(name: $0.1, book: $0.2, owner: $0.0) })]
        ) { try $0.text(0) }
        #expect(words == authors.map(\.3), "\(what)", sourceLocation: location)
    }
}
