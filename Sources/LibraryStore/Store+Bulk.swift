import GRDB
package import Shared

extension Store {
    /// Adds authors in one transaction; a line that fails harms no other.
    /// - Parameter request: if the same request came before, its stored reply is returned.
    /// - Returns: what became of each line.
    package func createAuthors(
        _ lines: [AuthorLines.Line], owner: Int64, options: BulkOptions,
        as request: IdempotentRequest? = nil, at now: Timestamp
    ) async throws -> [BulkResult] {
        defer { changes.advance(owner) }
        return try await writer.write(from: .user(owner), isLong: true) { db in
            if let reply = try Self.reply(db, to: request, owner: owner, at: now) {
                var kept = try BulkResult.list(ndjson: reply).makeIterator()
                return lines.compactMap { $0.fault ?? kept.next() }
            }
            var work = BulkWork(db: db, owner: owner, options: options, now: now)
            let results = try lines.map { try work.store($0) }
            try work.tellOfCreated()
            // Not stored if nothing changed: repeating is harmless, and files of nonsense cannot fill the disk.
            if let request, work.hasChanged {
                let answered = zip(lines, results).filter { $0.0.fault == nil }.map(\.1)
                try Self.keep(db, reply: BulkResult.ndjson(answered), to: request, owner: owner, at: now)
            }
            return results
        }
    }

    /// Adds the authors of a whole file, in one transaction and in memory that does not grow with the file.
    /// - Parameters:
    ///   - options: if atomic and a line fails, or if it is a dry run, nothing is changed.
    ///   - file: if it came before, what it was answered is answered again.
    /// - Returns: what became, or would become, of the lines.
    /// - Throws: ``AuthorLines/Fault`` if a CSV header lacks a column, having changed nothing.
    package func createAuthors(
        of contents: SpooledFile, _ format: AuthorLines.Format, owner: Int64, options: BulkOptions,
        as file: IdempotentFile? = nil, at now: Timestamp
    ) async throws -> BulkReport {
        defer { changes.advance(owner) }
        return try await Cancellation.following { cancellation in
            try await writer.write(from: .user(owner), isLong: true) { db in
                try createAuthors(
                    db, of: contents, format, owner: owner, options: options, as: file, at: now, cancellation)
            }.get()
        }
    }

    /// Rolls back its own savepoint: throwing would roll back and repeat the whole group of the writer.
    private func createAuthors(
        _ db: Database, of contents: SpooledFile, _ format: AuthorLines.Format, owner: Int64, options: BulkOptions,
        as file: IdempotentFile?, at now: Timestamp, _ cancellation: Cancellation
    ) throws -> Result<BulkReport, any Error> {
        var report = BulkReport(spool(), isAtomic: options.atomic)
        if try Self.reply(db, to: file, owner: owner, at: now, into: report.results) { return .success(report) }
        var refusal: (any Error)?
        try db.inSavepoint {
            do {
                var work = BulkWork(db: db, owner: owner, options: options, now: now)
                var lines = SpooledAuthors(
                    contents, format, restIsNeeded: options.restIsNeeded, unknownMembers: .rejected)
                while !report.isRefused, let line = try lines.next() {
                    try report.add(try work.store(line))
                    // The daemon is to stop.
                    guard !cancellation.isRequested else { throw StoreError.busy }
                }
                try work.tellOfCreated()
                if options.dryRun || options.atomic && report.failed > 0 { return .rollback }
                if work.hasChanged { try Self.keep(db, reply: report.results, to: file, owner: owner, at: now) }
                return .commit
            } catch let other where !(other is DatabaseError) {
                refusal = other
                return .rollback
            }
        }
        return refusal.map { .failure($0) } ?? .success(report)
    }

    /// A spool in the folder of the library, for results that are too long for memory.
    package func spool() -> SpooledFile { SpooledFile(folder: PathName.folder(of: path)) }
}

/// What became of the lines of a file.
package struct BulkReport: Sendable {
    /// A line of NDJSON for each; of no use once an atomic file has a fault.
    package let results: SpooledFile
    package private(set) var lines = 0
    package private(set) var failed = 0
    /// Authors that were created or changed, or would be.
    package private(set) var changes = 0
    /// The first of those that failed, of an atomic file.
    package private(set) var faults: [BulkResult] = []
    /// Whether those that failed are there already, all of them.
    package private(set) var isConflict = true
    private let isAtomic: Bool

    /// Limit of the faults that are reported of a refused file, which may have millions.
    package static let toldFaults = 100
    private let longest: Int

    /// - Parameter longest: limit of the results in bytes. Twice the largest upload, since a result can be longer than
    ///   its line; the results of an atomic import are stored for 24 hours.
    package init(_ results: SpooledFile, isAtomic: Bool, longest: Int = 128 << 20) {
        self.results = results
        self.isAtomic = isAtomic
        self.longest = longest
    }

    /// Whether nothing that follows can matter any more.
    package var isRefused: Bool { isAtomic && failed == Self.toldFaults }

    /// - Throws: ``StoreError`` `tooManyResults`, `SpooledFile.Failure`.
    package mutating func add(_ result: BulkResult) throws {
        lines += 1
        if result.isChange { changes += 1 }
        if let code = result.code {
            failed += 1
            isConflict = isConflict && code == ErrorCode.authorExists.rawValue
            if isAtomic, faults.count < Self.toldFaults { faults.append(result) }
        }
        if isAtomic, failed > 0 { return }
        try results.append(BulkResult.ndjson([result]))
        guard results.count <= longest else {
            throw StoreError.tooManyResults
        }
    }
}

extension AuthorLines.Line {
    /// What becomes of a line that cannot be read, always.
    fileprivate var fault: BulkResult? {
        if case .failure(let fault) = entry { BulkResult(line: number, fault) } else { nil }
    }
}

/// The lines of one transaction.
private struct BulkWork {
    let db: Database
    let owner: Int64
    let options: BulkOptions
    let now: Timestamp
    /// The numbers of the first and the last author that were created and have no event yet.
    private var untold: (first: AuthorNumbers, last: AuthorNumbers)?
    private(set) var hasChanged = false

    init(db: Database, owner: Int64, options: BulkOptions, now: Timestamp) {
        self.db = db
        self.owner = owner
        self.options = options
        self.now = now
    }

    mutating func store(_ line: AuthorLines.Line) throws -> BulkResult {
        let entry: AuthorValues
        switch line.entry {
        case .success(let value): entry = value
        case .failure(let fault): return BulkResult(line: line.number, fault)
        }
        // Looked for first where it is expected: a constraint that fails costs five times as much.
        if options.onConflict != .fail,
            let id = try Store.existingAuthor(db, owner: owner, entry)
        {
            if options.onConflict == .skip { return BulkResult(line: line.number, .skipped, id: id) }
            return BulkResult(line: line.number, try update(id, entry) ? .updated : .unchanged, id: id)
        }
        do {
            let draft = try entry.draft(country: options.defaultCountry)
            let numbers = try untold?.last.following() ?? AuthorNumbers.next(db, owner: owner)
            let author = try Store.insert(db, draft, owner: owner, numbers, at: now)
            untold = (untold?.first ?? numbers, numbers)
            hasChanged = true
            return BulkResult(line: line.number, .created, id: author.id)
        } catch let error as StoreError where error.code == .authorExists {
            return BulkResult(
                line: line.number, failed: error.code, error.detail ?? error.code.rawValue, existingID: error.existingID
            )
        } catch let invalid as InvalidFields {
            return BulkResult(line: line.number, .invalid(invalid))
        }
    }

    /// Gives an author what the line has.
    /// - Returns: whether that is anything new.
    private mutating func update(_ id: Int64, _ entry: AuthorValues) throws -> Bool {
        let before = try Store.author(db, id: id, owner: owner)
        guard let after = before.changed(by: AuthorPatch(entry), at: now) else { return false }
        hasChanged = true
        // An earlier line of the file may have created it; that event comes first.
        try tellOfCreated()
        try Store.replace(db, before, with: after, owner: owner)
        return true
    }

    mutating func tellOfCreated() throws {
        guard let (first, last) = untold else { return }
        try last.keepAsLast(db)
        try Store.recordCreated(db, first, through: last, owner: owner, at: now)
        untold = nil
    }
}
