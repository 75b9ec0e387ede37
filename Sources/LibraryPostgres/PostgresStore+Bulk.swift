package import LibraryStore
package import Shared

extension PostgresStore {
    package func createAuthors(
        _ lines: [AuthorLines.Line], owner: Int64, from origin: ImportOrigin, options: BulkOptions,
        as request: IdempotentRequest?, at now: Timestamp
    ) async throws -> [BulkResult] {
        try await writeAlone(owner: owner, on: writes) { change in
            if let reply = try Self.reply(change, to: request, at: now) {
                var kept = try BulkResult.list(ndjson: reply).makeIterator()
                return lines.compactMap { $0.fault ?? kept.next() }
            }
            let work = BulkImport(change, from: origin, options: options, .atOnce, at: now)
            var results: [BulkResult] = []
            try lines.forEachPart(of: AuthorWrites.part) { results += try work.store(Array($0)) }
            // Not stored if nothing changed: repeating is harmless, and files of nonsense cannot fill the disk.
            if let request, work.hasChanged {
                let answered = zip(lines, results).filter { $0.0.fault == nil }.map(\.1)
                try Self.keep(
                    change.connection, reply: BulkResult.ndjson(answered), to: request, owner: owner, at: now)
            }
            return results
        }
    }
}
