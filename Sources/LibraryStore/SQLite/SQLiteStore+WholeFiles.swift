import GRDB
package import Shared
import Synchronization

extension SQLiteStore {
    /// A plan finds out what becomes of each line, and writes nothing. Only an atomic file without a fault is stored:
    /// in many transactions, so that other users' writes go between, while the owner's other writes wait. The authors
    /// are staged (``isNotStaged``) until the last transaction, which adds their events. A file that updates authors is
    /// stored in one transaction.
    package func createAuthors(
        of contents: SpooledFile, _ format: AuthorLines.Format, owner: Int64,
        from origin: ImportOrigin = ImportOrigin(),
        options: BulkOptions, as file: IdempotentFile? = nil, at now: Timestamp,
        clock: (@Sendable () -> Timestamp)? = nil
    ) async throws -> BulkReport {
        try await Cancellation.following { cancellation in
            let import_ = FileImport(
                store: self, contents: contents, format: format, owner: owner, origin: origin, options: options,
                file: file, now: now, clock: clock ?? { now }, cancellation: cancellation)
            if options.dryRun { return try await import_.plan().report }
            defer { changes.advance(owner) }
            try await hold(owner)
            defer { writer.release(owner) }
            if let report = try await import_.keptReport() { return report }
            let (report, hasUpdates) = try await import_.plan()
            if report.failed > 0 { return report }
            return hasUpdates ? try await import_.storeAtOnce() : try await import_.storeInStages()
        }
    }

    /// Returns when the owner's writes so far are done, and later ones wait until `writer` releases them. Another file
    /// of the owner comes first, if it was earlier.
    func hold(_ owner: Int64) async throws {
        let isHeld = Held()
        repeat {
            try await writer.write(from: .user(owner)) { _ in
            } committed: { [writer] in
                isHeld.value.store(writer.hold(owner), ordering: .releasing)
            }
        } while !isHeld.value.load(ordering: .acquiring)
    }

    private final class Held: Sendable {
        let value = Atomic(false)
    }

    package func spool() -> SpooledFile { SpooledFile(folder: PathName.folder(of: path)) }
}

/// One import of a whole file.
private struct FileImport: Sendable {
    let store: SQLiteStore
    let contents: SpooledFile
    let format: AuthorLines.Format
    let owner: Int64
    let origin: ImportOrigin
    let options: BulkOptions
    let file: IdempotentFile?
    let now: Timestamp
    let clock: @Sendable () -> Timestamp
    let cancellation: Cancellation

    /// Lines in one transaction at most, and after how many it ends if other writes wait.
    private static let (batch, shortBatch) = (2048, 256)

    private func lines() -> SpooledAuthors {
        SpooledAuthors(contents, format, restIsNeeded: options.restIsNeeded, unknownMembers: .rejected)
    }

    private func newReport() -> BulkReport { BulkReport(store.spool(), isAtomic: options.atomic) }

    /// The daemon is to stop.
    private func requireTime() throws {
        guard !cancellation.isRequested else { throw StoreError.busy }
    }

    /// The stored reply to the same file, if it came before.
    func keptReport() async throws -> BulkReport? {
        guard file != nil else { return nil }
        return try await store.readers.readSlowly { db in
            let report = newReport()
            let isKept = try SQLiteStore.reply(db, to: file, owner: owner, at: now, into: report.results)
            return isKept ? report : nil
        }
    }

    /// What becomes of each line, and whether authors are updated. Writes nothing into the library.
    func plan() async throws -> (report: BulkReport, hasUpdates: Bool) {
        try await store.readers.fileWorkers.run {
            do {
                var (report, lines) = (newReport(), lines())
                var work = BulkWork(try PlannedAuthors(store.readers, owner: owner, at: now), options: options)
                while !report.isRefused, let line = try lines.next() {
                    try report.add(try work.store(line))
                    try requireTime()
                }
                return (report, work.target.hasUpdates)
            } catch let error as DatabaseError {
                throw StoreError.outside(error)
            }
        }
    }

    /// - Throws: ``StoreError`` `busy` if the line fails now: somebody changed the library since the plan.
    private func add(_ result: BulkResult, to report: inout BulkReport) throws {
        guard result.code == nil else { throw StoreError.busy }
        try report.add(result)
    }

    /// Stores the file in one transaction.
    func storeAtOnce() async throws -> BulkReport {
        try await store.writer.write(from: .file(of: owner), isLong: true) { db -> Result<BulkReport, any Error> in
            var refusal: (any Error)?
            var report = newReport()
            // Throwing would roll back and repeat the whole group of the writer.
            try db.inSavepoint {
                do {
                    var lines = lines()
                    var work = BulkWork(StoredAuthors(db, owner: owner, from: origin, at: now), options: options)
                    while let line = try lines.next() {
                        try add(try work.store(line), to: &report)
                        try requireTime()
                    }
                    try work.target.recordCreated(newest: store.history.events)
                    if work.target.hasChanged {
                        try SQLiteStore.keep(db, reply: report.results, to: file, owner: owner, at: now)
                    }
                    return .commit
                } catch let other where !(other is DatabaseError) {
                    refusal = other
                    return .rollback
                }
            }
            return refusal.map { .failure($0) } ?? .success(report)
        }.get()
    }

    /// Stages the authors in many transactions, and shows them in the last.
    func storeInStages() async throws -> BulkReport {
        await store.readers.hideStaged()
        do {
            let report = try await stage()
            store.readers.showStaged()
            return report
        } catch {
            await store.removeStaged(owner: owner)
            throw error
        }
    }

    private func stage() async throws -> BulkReport {
        var report = newReport()
        let rest = Mutex(lines())
        var created: (first: AuthorNumbers, last: AuthorNumbers)?
        var left: ArraySlice<AuthorLines.Line> = []
        while true {
            let batch = try await store.readers.fileWorkers.run { [left] in
                try rest.withLock { lines in
                    var batch = Array(left)
                    while batch.count < Self.batch, let line = try lines.next() { batch.append(line) }
                    return batch
                }
            }
            if batch.isEmpty { break }
            try requireTime()
            let last = created?.last
            let (results, numbers) = try await store.writer.write(from: .file(of: owner), isLong: true) { db in
                var work = BulkWork(
                    StoredAuthors(db, owner: owner, from: origin, at: now, after: last), options: options)
                var results: [BulkResult] = []
                for line in batch {
                    let mayEnd = !results.isEmpty && results.count.isMultiple(of: Self.shortBatch)
                    if mayEnd, store.writer.hasWaiting { break }
                    results.append(try work.store(line))
                }
                try work.target.keepNumbers()
                if last == nil, let first = work.target.created?.first {
                    try SQLiteStore.setStaged(db, owner: owner, from: first.id)
                }
                return (results, work.target.created)
            }
            if let numbers { created = (created?.first ?? numbers.first, numbers.last) }
            for result in results { try add(result, to: &report) }
            left = batch[results.count...]
        }
        guard let (first, last) = created else { return report }
        let results = report.results
        try await store.writer.write(from: .file(of: owner), isLong: true) { db in
            try SQLiteStore.setStaged(db, owner: owner, from: nil)
            try SQLiteStore.recordCreations(
                db, first, through: last, owner: owner, from: SQLiteStore.number(db, of: origin, owner: owner),
                newest: store.history.events, at: clock())
            try SQLiteStore.keep(db, reply: results, to: file, owner: owner, at: now)
        }
        return report
    }
}
