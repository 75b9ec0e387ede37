import Foundation
import TestSupport
import Testing

@testable import LibraryPostgres
@testable import LibraryStore
@testable import Shared

/// The same library in both engines: what one of them answers, the other one must answer too.
final class Twins: Sendable {
    let sqlite: SQLiteStore
    let library: TestStore
    private let folder: String

    var postgres: PostgresStore { library.store }

    /// - Parameter owners: users 1, 2, …
    init(owners: Int64 = 2) async throws {
        var template = Array("/tmp/libraryd-twin-XXXXXX".utf8CString)
        folder = mkdtemp(&template).map { String(cString: $0) } ?? "/tmp"
        sqlite = try SQLiteStore(path: folder + "/library.db", history: HistoryLimit(events: 100_000))
        library = try await TestStore()
        let connection = try library.connect()
        for owner in 1...owners {
            try await sqlite.createUser(
                publicID: "p\(owner)", name: "user\(owner)", passwordHash: "", as: nil, by: .operator, at: Self.time(1))
            try connection.run(
                """
                INSERT INTO "user" (id, public_id, name, password_hash, created_at, updated_at)
                VALUES ($1, $2, $2, '', 1, 1)
                """, [.integer(owner), .text("p\(owner)")])
            try connection.run("INSERT INTO event_counter (owner) VALUES ($1)", [.integer(owner)])
        }
        try connection.run("UPDATE library SET epoch = $1", [.text(try sqlite.lastEvent(owner: 1).epoch)])
    }

    deinit {
        sqlite.close()
        try? FileManager.default.removeItem(atPath: folder)
    }

    static func time(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: milliseconds) }

    // MARK: Changes

    /// - Parameter draft: one that is not there yet: a refused one would take an id from one engine only.
    @discardableResult
    func create(_ draft: AuthorDraft, owner: Int64 = 1, from origin: Int64? = nil, at time: Int64) async throws
        -> Author
    {
        let now = Self.time(time)
        let author = try await withCheckedThrowingContinuation { continuation in
            sqlite.createAuthor(draft, owner: owner, from: origin, as: nil, at: now) { continuation.resume(with: $0) }
        }
        let twin = try await withCheckedThrowingContinuation { continuation in
            postgres.createAuthor(draft, owner: owner, from: origin, as: nil, at: now) { continuation.resume(with: $0) }
        }
        #expect(author.json == twin.json)
        return author
    }

    func update(_ id: Int64, _ values: AuthorValues, owner: Int64 = 1, at time: Int64) async throws {
        let (patch, now) = (AuthorPatch(values), Self.time(time))
        let author = try await sqlite.updateAuthor(
            id: id, owner: owner, from: nil, patch, ifVersion: { _ in true }, at: now)
        let twin = try await postgres.updateAuthor(
            id: id, owner: owner, from: nil, patch, ifVersion: { _ in true }, at: now)
        #expect(author.author.json == twin.author.json && author.isChanged == twin.isChanged)
    }

    func delete(_ id: Int64, owner: Int64 = 1, at time: Int64) async throws {
        let now = Self.time(time)
        _ = try await sqlite.deleteAuthor(id: id, owner: owner, from: nil, ifVersion: { _ in true }, at: now)
        _ = try await postgres.deleteAuthor(id: id, owner: owner, from: nil, ifVersion: { _ in true }, at: now)
    }

    // MARK: Reads

    /// The whole list, page by page, of both.
    /// - Returns: what SQLite answers.
    @discardableResult
    func list(_ query: AuthorQuery, owner: Int64 = 1, _ comment: @autoclosure () -> String = "") async throws -> [Dump]
    {
        var query = query
        var dumps: [Dump] = []
        repeat {
            let page = await outcome { try await self.sqlite.authors(query, owner: owner, Dump.page) }
            let twin = await outcome { try await self.postgres.authors(query, owner: owner, Dump.page) }
            #expect(page == twin, "\(query) of \(owner): \(comment())")
            let text = await outcome { try await self.sqlite.requireList(query, owner: owner) }.failure
            #expect(await outcome { try await self.postgres.requireList(query, owner: owner) }.failure == text)
            guard case .success(let page) = page, page == twin.success else { return dumps }
            dumps += page.rows
            query.after = page.next
        } while query.after != nil
        return dumps
    }

    /// Requires the same of both.
    @discardableResult
    func both<Value: Equatable>(
        _ comment: @autoclosure () -> String = "", _ sqlite: (SQLiteStore) async throws -> Value,
        _ postgres: (PostgresStore) async throws -> Value
    ) async -> Outcome<Value> {
        let known = await outcome { try await sqlite(self.sqlite) }
        let twin = await outcome { try await postgres(self.postgres) }
        #expect(known == twin, "\(comment())")
        return known
    }
}

/// What a read answers or throws.
enum Outcome<Value: Equatable>: Equatable {
    case success(Value)
    case failure(String)

    var success: Value? { if case .success(let value) = self { value } else { nil } }
    var failure: String? { if case .failure(let text) = self { text } else { nil } }
}

private func outcome<Value: Equatable>(_ body: () async throws -> Value) async -> Outcome<Value> {
    do {
        return .success(try await body())
    } catch {
        return .failure("\(error)")
    }
}

private func outcome(_ body: () async throws -> Void) async -> Outcome<Bool> {
    await outcome {
        try await body()
        return true
    }
}

/// The bytes of a row.
struct Dump: Equatable, CustomStringConvertible {
    let bytes: [UInt8]
    let id: Int64

    struct Page: Equatable, Sendable {
        var rows: [Dump] = []
        var next: String?
    }

    init(_ row: AuthorRow) {
        var bytes: [UInt8] = []
        for field in AuthorField.all {
            bytes += field.kind == .text ? Array(row.text(field)) : Array("\(row.integer(field))".utf8)
            bytes.append(0)
        }
        self.bytes = bytes
        id = row.integer(.id)
    }

    init(_ event: EventRow) {
        var bytes = Array("\(event.position) \(event.kind) \(event.at.milliseconds) ".utf8)
        bytes += Dump(event.author).bytes
        if let before = event.before { bytes += [1] + Dump(before).bytes }
        bytes += Array("\(event.session ?? "-") \(event.client ?? "-") \(event.importID ?? "-")".utf8)
        self.bytes = bytes
        id = event.position.sequence
    }

    /// The author of a row of ``AuthorRow``.
    var author: Author {
        var values = AuthorValues()
        let parts = bytes.split(separator: 0, omittingEmptySubsequences: false).map {
            String(decoding: $0, as: UTF8.self)
        }
        for field in AuthorField.writable {
            if field.kind == .flag {
                values[flag: field] = parts[field.rawValue] == "1"
            } else {
                values[text: field] = parts[field.rawValue]
            }
        }
        func integer(_ field: AuthorField) -> Int64 { Int64(parts[field.rawValue]) ?? 0 }
        return Author(
            id: integer(.id), AuthorDraft(values), createdAt: Twins.time(integer(.createdAt)),
            updatedAt: Twins.time(integer(.updatedAt)), version: integer(.version))
    }

    @Sendable static func page(_ rows: AuthorRows) throws -> Page {
        var page = Page()
        page.next = try rows.forEach { page.rows.append(Dump($0)) }
        return page
    }

    @Sendable static func page(_ rows: ChangeRows) throws -> Page {
        var page = Page()
        page.next = try rows.forEach { page.rows.append(Dump($0)) }?.description
        return page
    }

    /// `next` is the position, and whether it is a reset.
    @Sendable static func page(_ rows: EventRows) throws -> Page {
        var page = Page()
        let end = try rows.forEach { page.rows.append(Dump($0)) }
        page.next = "\(end.position) \(end.isReset) \(end.isFull)"
        return page
    }

    var description: String { String(decoding: bytes, as: UTF8.self).replacing("\0", with: "|") }
}

extension SeededGenerator {
    mutating func pick<Value>(_ values: [Value]) -> Value { values[Int.random(in: 0..<values.count, using: &self)] }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    /// Letters with and without accents, scripts without spaces, signs of the queries of both engines, and marks.
    private static let scalars: [Unicode.Scalar] = Array(
        (#"aaabcdeAEnoz019 '"\&|!():*<->+^~%_@#/-.,;{}[]"# + "éÉïñøØßẞſİıŁœÆđﬁﬀǅςΣσйЙиёґ村村上春字字かガがパ한글각ไทยກະម"
            + "²½ⅷ٣७🙂👩‍🚀Ａｂ１\u{345}\u{301}\u{308}\u{306}\u{20DD}\u{200B}\u{200D}\u{A0}\u{2028}\u{3000}\u{E000}\u{64B}"
            + "\u{93E}\u{94D}\u{FE0F}\u{10FFFD}\u{1D163}\u{1E900}").unicodeScalars)

    /// A text as it is stored.
    mutating func text(atMost length: Int = 12) -> String {
        while true {
            var scalars = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 1...length, using: &self) { scalars.append(pick(Self.scalars)) }
            let text = StoredText.normalized(String(scalars))
            if StoredText.fault(in: text, field: "name") == nil { return text }
        }
    }

    /// A text of a query: a part of a stored one, or another one.
    mutating func query(from texts: [String]) -> String {
        var scalars = Array((chance(70) ? pick(texts) : text()).unicodeScalars)
        if chance(80) {
            let start = Int.random(in: 0..<scalars.count, using: &self)
            scalars = Array(scalars[start..<Int.random(in: start + 1...scalars.count, using: &self)])
        }
        if chance(15) { scalars.insert(pick(Self.scalars), at: Int.random(in: 0...scalars.count, using: &self)) }
        if chance(15) { scalars = scalars.filter { $0 != " " } }
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}

extension AuthorDraft {
    init(_ name: String, _ book: String, _ country: String = "UK", prize: Bool = false) {
        self.init(name: name, book: book, country: country, bookerPrize: prize)
    }
}

extension AuthorQuery {
    init(
        _ sort: AuthorSort = AuthorSort(), limit: Int = 1000, after: String? = nil, search: String? = nil,
        at: HistoryPoint? = nil
    ) {
        self.init()
        (self.sort, self.limit, self.after, self.search, self.at) = (sort, limit, after, search, at)
    }
}

extension AuthorSort {
    static let every: [AuthorSort] = AuthorField.sortable.flatMap { field in
        [false, true].flatMap { descending in
            [false, true].filter { !$0 || field.kind == .text }
                .map { AuthorSort(field, bytewise: $0, descending: descending) }
        }
    }
}
