package import LibraryStore
package import Shared

extension PostgresStore {
    /// One transaction, which holds the owner's lock and nobody else's. It is rolled back after a dry run, and if a
    /// line of an atomic file fails.
    package func createAuthors(
        of contents: SpooledFile, _ format: AuthorLines.Format, owner: Int64, from origin: ImportOrigin,
        options: BulkOptions, as file: IdempotentFile?, at now: Timestamp, clock: (@Sendable () -> Timestamp)?
    ) async throws -> BulkReport {
        try await Cancellation.following { cancellation in
            do {
                return try await writeAlone(owner: owner, on: files) { change in
                    // The owner's events are in the order of their times.
                    let now = max(now, clock?() ?? now)
                    let report = BulkReport(spool(), isAtomic: options.atomic)
                    if !options.dryRun,
                        try Self.reply(change, to: file, at: now, into: report.results)
                    {
                        return report
                    }
                    let lines = SpooledAuthors(
                        contents, format, restIsNeeded: options.restIsNeeded, unknownMembers: .rejected)
                    let work = BulkImport(change, from: origin, options: options, .atLast, at: now)
                    return try store(lines, work, report, options, until: cancellation) { report in
                        try work.insertEvents(newest: history.events)
                        guard work.hasChanged else { return }
                        try Self.keep(change.connection, reply: report.results, to: file, owner: owner, at: now)
                    }
                }
            } catch let nothing as NothingStored {
                return nothing.report
            }
        }
    }

    /// - Parameter finish: is called if the lines are to be stored.
    /// - Throws: ``NothingStored`` if they are not.
    private func store(
        _ lines: SpooledAuthors, _ work: BulkImport, _ report: BulkReport, _ options: BulkOptions,
        until cancellation: Cancellation, finish: (BulkReport) throws -> Void
    ) throws -> BulkReport {
        var (lines, report) = (lines, report)
        var batch: [AuthorLines.Line] = []
        repeat {
            // The daemon is to stop.
            guard !cancellation.isRequested else { throw StoreError.busy }
            batch.removeAll(keepingCapacity: true)
            while batch.count < AuthorWrites.part, let line = try lines.next() { batch.append(line) }
            work.isTrial = options.dryRun || report.failed > 0
            for result in try work.store(batch) where !report.isRefused { try report.add(result) }
        } while !batch.isEmpty && !report.isRefused
        guard !options.dryRun, report.failed == 0 else { throw NothingStored(report: report) }
        try finish(report)
        return report
    }

    /// Appends the stored reply to the same file, if it came before, to the spool.
    /// - Returns: whether it came before.
    private static func reply(
        _ change: LibraryChange, to file: IdempotentFile?, at now: Timestamp, into spool: SpooledFile
    ) throws -> Bool {
        guard let file else { return false }
        return try file.append(to: spool) { try reply(change, to: $0, at: now) }
    }

    /// As ``keep(_:reply:to:owner:at:)``.
    private static func keep(
        _ connection: Connection, reply spool: SpooledFile, to file: IdempotentFile?, owner: Int64, at now: Timestamp
    ) throws {
        try file?.forEachPart(of: spool) { try keep(connection, reply: $1, to: $0, owner: owner, at: now) }
    }
}

/// Ends the transaction of a file without storing anything.
private struct NothingStored: Error {
    let report: BulkReport
}
