import LibraryStore
import Shared

/// How operations reach the server, and what is tried again.
extension PostgresStore {
    /// How long a request tries again what was not done, and looks for what may have been done.
    static let patience = Connections.patience

    // MARK: Reads

    /// Runs a read that an index answers.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Value) async throws -> Value {
        try await reading { try await reads.run(until: $0, body) }
    }

    /// Runs a read that may take long.
    func readSlowly<Value: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Value) async throws -> Value {
        try await reading { _ in try await longReads.run(body) }
    }

    /// Runs a read again if the server has not proven by its end that it can commit: another one may have replaced it.
    /// - Parameter body: gets the time at which the caller waits no longer.
    func reading<Value>(_ body: (ContinuousClock.Instant) async throws -> Value) async throws -> Value {
        try await persisting { end in
            let value = try await body(end)
            guard canCommit else { throw Self.cannotCommit }
            return value
        }
    }

    // MARK: Writes

    /// Runs `body` in a transaction, which is durable when this returns.
    /// - Parameter connections: ``writes`` by default; ``files`` for what takes long.
    /// - Throws: ``StoreError`` `outcomeUnknown` if nobody knows whether it was committed: asking again is exact for
    ///   accounts and sessions.
    func write<Value: Sendable>(
        on connections: Connections? = nil, _ body: @escaping @Sendable (Connection) throws -> Value
    ) async throws -> Value {
        try await persisting { end in
            try await (connections ?? writes).run(until: connections == nil ? end : nil) { connection in
                try connection.transaction { try body(connection) }
            }
        }
    }

    /// Changes an owner's library in a transaction in which others of that owner's writes may be.
    /// - Parameter body: is called again after its work was undone. What it throws must leave the transaction as it
    ///   was, or the transaction is performed again without the others.
    func write<Value: Sendable>(
        owner: Int64, _ body: @escaping @Sendable (LibraryChange) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            submit(owner: owner, body) { continuation.resume(with: $0) }
        }
    }

    /// The same for a caller that cannot wait.
    /// - Parameters:
    ///   - creation: whose ``AuthorCreation/perform(_:)`` is `body`.
    ///   - completion: called once, on any thread. It must not block.
    func submit<Value: Sendable>(
        owner: Int64, _ body: @escaping @Sendable (LibraryChange) throws -> Value, as creation: AuthorCreation? = nil,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        let pending = PendingWrite(body) { result in
            completion(result.mapError { ($0 as? PostgresError).map { StoreError($0) } ?? $0 })
        }
        let write = OwnerWriter.Write(pending: pending, creation: creation)
        switch writer.append(write, owner: owner, until: .now + Self.patience) {
        case .first: Task { await perform(writesOf: owner) }
        case .queued: break
        case .refused: pending.finish(StoreError.busy)
        }
    }

    private func perform(writesOf owner: Int64) async {
        while let (group, end) = writer.takeGroup(owner: owner) {
            await perform(group, owner: owner, until: end)
        }
    }

    /// Performs writes in one transaction, or each in its own if they cannot be in one.
    private func perform(_ group: [OwnerWriter.Write], owner: Int64, until end: ContinuousClock.Instant) async {
        do {
            try await commit(group, owner: owner, until: end)
            for write in group { write.pending.finish(nil) }
        } catch is GroupSpoiled where group.count > 1 {
            for write in group { await perform([write], owner: owner, until: end) }
        } catch {
            for write in group { write.pending.finish((error as? GroupSpoiled)?.error ?? error) }
        }
    }

    /// - Throws: ``GroupSpoiled`` if one of the writes cannot be in a transaction with others; else what concerns all.
    private func commit(
        _ group: [OwnerWriter.Write], owner: Int64, until end: ContinuousClock.Instant
    ) async throws {
        try await writeAlone(owner: owner, on: writes, until: end) { change in
            change.requests = group.count
            var rest = group[...]
            while !rest.isEmpty {
                let creations = rest.prefix { $0.creation != nil }.compactMap(\.creation)
                let writes = rest.prefix(max(1, creations.count))
                if creations.count > 1 {
                    try Self.attempt(change) { try AuthorCreation.performTogether(creations, change) }
                }
                for write in writes { try Self.attempt(change) { try write.pending.perform(change) } }
                rest = rest.dropFirst(writes.count)
            }
        }
    }

    /// Performs writes of a group, unless they are refused: then they have changed nothing.
    /// - Throws: ``GroupSpoiled`` in place of an error that would come again.
    private static func attempt(_ change: LibraryChange, _ body: () throws -> Void) throws {
        let before = change.lastEvent
        do {
            try body()
        } catch let error as StoreError where error.cause == nil && change.lastEvent == before {
            // Nothing was changed.
        } catch let error as PostgresError where error.mayBeTriedAgain {
            throw error
        } catch {
            throw GroupSpoiled(error: error)
        }
    }

    /// Changes an owner's library in a transaction of its own. Others of the same owner wait for it, on any daemon.
    ///
    /// Where the answer to the commit was lost, this looks whether the transaction lasts: under the lock of the owner,
    /// which keeps out a transaction that is still on its way, the event that it would have added is there or not. If
    /// it is there, another write is committed before the caller is answered: that waits for the standby, and so for
    /// all that lies before it. If not, the transaction never was and never will be, and is performed again.
    /// - Parameter end: until when it is tried, if the server does not answer.
    func writeAlone<Value: Sendable>(
        owner: Int64, on connections: Connections, until end: ContinuousClock.Instant = .now + patience,
        _ body: @escaping @Sendable (LibraryChange) throws -> Value
    ) async throws -> Value {
        defer { changes.advance(owner) }
        return try await turns.take(owner) {
            var end = end
            if end < .now {
                // Those before it have taken the time: because the server does not answer, or for a long file.
                guard canCommit else { throw StoreError.busy }
                end = .now + Self.patience
            }
            do {
                while true {
                    do {
                        return try await persisting(until: end) { end -> Value in
                            try await connections.run(until: connections === files ? nil : end) { connection in
                                try perform(body, of: owner, connection)
                            }
                        }
                    } catch let doubt as Doubt<Value> {
                        if try await isResolved(doubt.mark, until: connections === files ? .now + Self.patience : end) {
                            return doubt.value
                        }
                    }
                }
            } catch {
                if (error as? StoreError)?.cause != nil { writerCounts.failed() }
                throw error
            }
        }
    }

    /// Finds out whether a transaction in doubt lasts.
    /// - Throws: ``StoreError`` `outcomeUnknown`, or `ownerDeleted`.
    private func isResolved(_ mark: LibraryChange.Mark, until end: ContinuousClock.Instant) async throws -> Bool {
        do {
            let isCommitted = try await persisting(until: end, retriesDoubt: true) { try await lasts(mark, until: $0) }
            doubts.resolved(isCommitted ? .committed : .repeated)
            return isCommitted
        } catch StoreError.ownerDeleted {
            throw StoreError.ownerDeleted
        } catch {
            doubts.resolved(.unknown)
            throw StoreError.outcomeUnknown((error as? StoreError)?.cause ?? .init("database", "", "\(error)"))
        }
    }

    private func perform<Value: Sendable>(
        _ body: (LibraryChange) throws -> Value, of owner: Int64, _ connection: Connection
    ) throws -> Value {
        let start = ContinuousClock.now
        let change = try LibraryChange(connection, owner: owner)
        let value = try body(change)
        do {
            try change.commit()
        } catch let error as PostgresError where error.classification == .inDoubt {
            // A transaction without events has changed nothing that anybody could miss.
            guard let mark = change.mark else { throw PostgresError.lost(error.description) }
            throw Doubt(value: value, mark: mark)
        }
        writerCounts.committed(change.requests, in: start.duration(to: .now))
        return value
    }

    /// Whether the transaction lasts that added the event.
    /// - Throws: ``PostgresError`` if that could not be found out yet; ``StoreError`` `outcomeUnknown` if it never can
    ///   be.
    func lasts(_ mark: LibraryChange.Mark, until end: ContinuousClock.Instant) async throws -> Bool {
        try await writes.run(until: end) { connection in
            let change = try LibraryChange(connection, owner: mark.owner)
            guard change.lastEvent >= mark.event else { return false }
            var write: Int64?
            try connection.run(Self.selectWrite, [.integer(mark.owner), .integer(mark.event)]) {
                write = try $0.integer(0)
            }
            guard let write else {
                throw StoreError.outcomeUnknown(.init("database", "", "the change that would tell is no longer kept"))
            }
            guard write == mark.write else { return false }
            change.confirm()
            try change.commit()
            return true
        }
    }

    private static let selectWrite: Statement = "SELECT write FROM author_event WHERE owner = $1 AND sequence = $2"

    // MARK: Trying again

    /// - Throws: ``StoreError`` `closed` if the daemon ends.
    static func sleep(_ time: Duration) async throws {
        do {
            try await Task.sleep(for: time)
        } catch {
            throw StoreError.closed
        }
    }

    static let cannotCommit = PostgresError.lost(
        "the database server cannot commit: its standbys are gone, or another server has taken its place")

    /// Runs `body`, again if nothing was done and another attempt may succeed. It gets the time at which that ends.
    /// - Parameter retriesDoubt: whether `body` may be called again after a commit that was not answered.
    /// - Throws: ``StoreError`` instead of a ``PostgresError``.
    func persisting<Value>(
        until end: ContinuousClock.Instant = .now + patience, retriesDoubt: Bool = false,
        _ body: (ContinuousClock.Instant) async throws -> Value
    ) async throws -> Value {
        var pause = Duration.milliseconds(2)
        while true {
            do {
                try await requireBeat(until: end)
                return try await body(end)
            } catch let error as PostgresError {
                guard error.mayBeTriedAgain || retriesDoubt && error.classification == .inDoubt, .now + pause < end
                else { throw StoreError(error) }
                try await Self.sleep(pause)
                pause = min(pause * 2, .milliseconds(200))
            }
        }
    }
}

/// Nobody knows whether a transaction lasts that would have this result.
private struct Doubt<Value: Sendable>: Error {
    let value: Value
    let mark: LibraryChange.Mark
}

/// One write of a group has failed such that the others are undone with it.
private struct GroupSpoiled: Error {
    let error: any Error
}

extension PostgresError {
    /// Whether nothing was done, and another attempt may succeed.
    var mayBeTriedAgain: Bool { [.onAnotherConnection, .onSameConnection].contains(classification) }
}
