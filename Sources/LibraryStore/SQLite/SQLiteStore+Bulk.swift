import GRDB
package import Shared

extension SQLiteStore {
    package func createAuthors(
        _ lines: [AuthorLines.Line], owner: Int64, from origin: ImportOrigin = ImportOrigin(), options: BulkOptions,
        as request: IdempotentRequest? = nil, at now: Timestamp
    ) async throws -> [BulkResult] {
        defer { changes.advance(owner) }
        return try await writer.write(from: .user(owner), isLong: true) { db in
            if let reply = try Self.reply(db, to: request, owner: owner, at: now) {
                var kept = try BulkResult.list(ndjson: reply).makeIterator()
                return lines.compactMap { $0.fault ?? kept.next() }
            }
            try Self.requireNoneUnfinished(db, owner: owner)
            var work = BulkWork(StoredAuthors(db, owner: owner, from: origin, at: now), options: options)
            let results = try lines.map { try work.store($0) }
            try work.target.recordCreated()
            // Not stored if nothing changed: repeating is harmless, and files of nonsense cannot fill the disk.
            if let request, work.target.hasChanged {
                let answered = zip(lines, results).filter { $0.0.fault == nil }.map(\.1)
                try Self.keep(db, reply: BulkResult.ndjson(answered), to: request, owner: owner, at: now)
            }
            return results
        }
    }
}
