import GRDB
package import Shared
import Synchronization

extension SQLiteStore {
    /// A plan finds out what becomes of each line, and writes nothing. Only an atomic file without a fault is stored:
    /// in many transactions, so that other users' writes go between, while the owner's other writes wait. Until the
    /// last one nobody sees any of it (``lastSeen``).
    package func createAuthors(
        of contents: SpooledFile, _ format: AuthorLines.Format, owner: Int64,
        from origin: ImportOrigin = ImportOrigin(),
        options: BulkOptions, as file: IdempotentFile? = nil, at now: Timestamp,
        clock: (@Sendable () -> Timestamp)? = nil
    ) async throws -> BulkReport {
        try await Cancellation.following { cancellation in
            var import_ = FileImport(
                library: self, contents: contents, format: format, owner: owner, origin: origin, options: options,
                file: file, now: now, cancellation: cancellation)
            if options.dryRun { return try await import_.planOfWhatIsSeen() }
            defer { changes.advance(owner) }
            try await hold(owner)
            defer { writer.release(owner) }
            if let report = try await import_.keptReport() { return report }
            // The owner's events are in the order of their times, and those of the file have one.
            if let clock { import_.now = max(now, clock()) }
            let report = try await import_.plan()
            // The reply to a file that changes nothing is not kept.
            return report.failed == 0 && report.changes > 0 ? try await import_.store() : report
        }
    }

    package func spool() -> SpooledFile { SpooledFile(folder: PathName.folder(of: path)) }
}

/// One import of a whole file.
private struct FileImport: Sendable {
    let library: SQLiteStore
    let contents: SpooledFile
    let format: AuthorLines.Format
    let owner: Int64
    let origin: ImportOrigin
    let options: BulkOptions
    let file: IdempotentFile?
    var now: Timestamp
    let cancellation: Cancellation

    private func lines() -> SpooledAuthors {
        SpooledAuthors(contents, format, restIsNeeded: options.restIsNeeded, unknownMembers: .rejected)
    }

    private func newReport() -> BulkReport { BulkReport(library.spool(), isAtomic: options.atomic) }

    /// The daemon is to stop.
    private func requireTime() throws {
        guard !cancellation.isRequested else { throw StoreError.busy }
    }

    /// The stored reply to the same file, if it came before.
    func keptReport() async throws -> BulkReport? {
        guard file != nil else { return nil }
        return try await library.readers.readSlowly { db in
            let report = newReport()
            let isKept = try SQLiteStore.reply(db, to: file, owner: owner, at: now, into: report.results)
            return isKept ? report : nil
        }
    }

    /// Finds out what becomes of each line, and writes nothing into the library.
    func plan() async throws -> BulkReport {
        try await library.readers.fileWorkers.run {
            do {
                var (report, lines) = (newReport(), lines())
                var work = BulkWork(try PlannedAuthors(library.readers, owner: owner, at: now), options: options)
                while !report.isRefused, let line = try lines.next() {
                    try report.add(try work.store(line))
                    try requireTime()
                }
                return report
            } catch let error as DatabaseError {
                throw StoreError.outside(error)
            }
        }
    }

    /// Finds out what becomes of each line, for a dry run.
    /// - Throws: ``StoreError`` `busy` if a change of the owner is unfinished: it would be looked at too.
    func planOfWhatIsSeen() async throws -> BulkReport {
        func requireNoneUnfinished() throws {
            try library.readers.read { try SQLiteStore.requireNoneUnfinished($0, owner: owner) }
        }
        try requireNoneUnfinished()
        let report = try await plan()
        try requireNoneUnfinished()
        return report
    }

    /// - Throws: ``StoreError`` `busy` if the line fails now: somebody changed the library since the plan.
    private func add(_ result: BulkResult, to report: inout BulkReport) throws {
        guard result.code == nil else { throw StoreError.busy }
        try report.add(result)
    }

    /// Stores the file in many transactions, and shows it with the last.
    func store() async throws -> BulkReport {
        try await library.unfinished(owner: owner) {
            try await storeLines(of: $0)
        } finish: { db, report in
            try SQLiteStore.keep(db, reply: report.results, to: file, owner: owner, at: now)
            return report
        }
    }

    private func storeLines(of change: SQLiteStore.Unfinished) async throws -> BulkReport {
        var report = newReport()
        let rest = Mutex(lines())
        var left: ArraySlice<AuthorLines.Line> = []
        while true {
            let batch = try await library.readers.fileWorkers.run { [left] in
                try rest.withLock { lines in
                    var batch = Array(left)
                    while batch.count < SQLiteStore.largestPart, let line = try lines.next() { batch.append(line) }
                    return batch
                }
            }
            if batch.isEmpty { break }
            try requireTime()
            let results = try await library.writer.write(from: .file(of: owner), isLong: true) { db in
                try change.part(db) { try store(batch, db) }
            }
            for result in results { try add(result, to: &report) }
            left = batch[results.count...]
        }
        return report
    }

    /// Stores all of these lines, or some if other writes wait.
    private func store(_ batch: [AuthorLines.Line], _ db: Database) throws -> [BulkResult] {
        var work = BulkWork(StoredAuthors(db, owner: owner, from: origin, at: now), options: options)
        var results: [BulkResult] = []
        for line in batch {
            let mayEnd = !results.isEmpty && results.count.isMultiple(of: SQLiteStore.part)
            if mayEnd, library.writer.hasWaiting { break }
            results.append(try work.store(line))
        }
        try work.target.recordCreated()
        return results
    }
}
