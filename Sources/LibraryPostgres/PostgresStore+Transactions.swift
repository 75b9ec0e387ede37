import LibraryStore
import Shared

/// How operations reach the server, and what is tried again.
extension PostgresStore {
    /// How long a request tries again what was not done, and looks for what may have been done.
    static let patience = Duration.seconds(8)

    // MARK: Reads

    /// Runs a read that an index answers.
    func read<Value: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Value) async throws -> Value {
        try await persisting { try await reads.run(until: $0, body) }
    }

    /// Runs a read that may take long.
    func readSlowly<Value: Sendable>(_ body: @escaping @Sendable (Connection) throws -> Value) async throws -> Value {
        try await persisting { _ in try await longReads.run(body) }
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
    /// - Parameter completion: called once, on any thread. It must not block.
    func submit<Value: Sendable>(
        owner: Int64, _ body: @escaping @Sendable (LibraryChange) throws -> Value,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        let write = OwnerWriter.Write(body) { result in
            completion(result.mapError { ($0 as? PostgresError).map { StoreError($0) } ?? $0 })
        }
        switch writer.append(write, owner: owner) {
        case .first: Task { await perform(writesOf: owner) }
        case .queued: break
        case .refused: write.finish(StoreError.busy)
        }
    }

    private func perform(writesOf owner: Int64) async {
        while let group = writer.takeGroup(owner: owner) {
            do {
                try await commit(group, owner: owner)
                for write in group { write.finish(nil) }
            } catch is GroupSpoiled where group.count > 1 {
                for write in group { await performAlone(write, owner: owner) }
            } catch {
                for write in group { write.finish((error as? GroupSpoiled)?.error ?? error) }
            }
        }
    }

    private func performAlone(_ write: OwnerWriter.Write, owner: Int64) async {
        do {
            try await commit([write], owner: owner)
            write.finish(nil)
        } catch {
            write.finish((error as? GroupSpoiled)?.error ?? error)
        }
    }

    /// - Throws: ``GroupSpoiled`` if one of the writes cannot be in a transaction with others; else what concerns all.
    private func commit(_ group: [OwnerWriter.Write], owner: Int64) async throws {
        try await writeAlone(owner: owner, on: writes) { change in
            change.requests = group.count
            for write in group {
                let before = change.lastEvent
                do {
                    try write.perform(change)
                } catch let error as StoreError where error.cause == nil && change.lastEvent == before {
                    // Nothing was changed.
                } catch let error as PostgresError where error.mayBeTriedAgain {
                    throw error
                } catch {
                    throw GroupSpoiled(error: error)
                }
            }
        }
    }

    /// Changes an owner's library in a transaction of its own. Others of the same owner wait for it, on any daemon.
    ///
    /// Where the answer to the commit was lost, this looks whether the transaction lasts: under the lock of the owner,
    /// which keeps out a transaction that is still on its way, the event that it would have added is there or not. If
    /// it is there, another write is committed before the caller is answered: that waits for the standby, and so for
    /// all that lies before it. If not, the transaction never was and never will be, and is performed again.
    func writeAlone<Value: Sendable>(
        owner: Int64, on connections: Connections, _ body: @escaping @Sendable (LibraryChange) throws -> Value
    ) async throws -> Value {
        defer { changes.advance(owner) }
        return try await turns.take(owner) {
            var doubt: Doubt<Value>?
            do {
                return try await persisting(isDoubtResolved: true) { end in
                    if let open = doubt {
                        let isCommitted = try await lasts(open.mark, until: end)
                        doubt = nil
                        doubts.resolved(isCommitted ? .committed : .repeated)
                        if isCommitted { return open.value }
                    }
                    do {
                        return try await connections.run(until: connections === files ? nil : end) { connection in
                            try perform(body, of: owner, connection)
                        }
                    } catch let new as Doubt<Value> {
                        doubt = new
                        throw new.error
                    }
                }
            } catch let error as StoreError where doubt != nil {
                guard error != .ownerDeleted else { throw error }
                doubts.resolved(.unknown)
                throw StoreError.outcomeUnknown(error.cause ?? .init("database", "", "\(error)"))
            }
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
            throw Doubt(value: value, mark: mark, error: error)
        }
        writerCounts.committed(change.requests, in: start.duration(to: .now))
        return value
    }

    /// Whether the transaction lasts that added the event.
    /// - Throws: ``PostgresError`` if that could not be found out yet; ``StoreError`` `outcomeUnknown` if it never can
    ///   be.
    private func lasts(_ mark: LibraryChange.Mark, until end: ContinuousClock.Instant) async throws -> Bool {
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

    /// Runs `body`, again if nothing was done and another attempt may succeed. It gets the time at which that ends.
    /// - Parameter isDoubtResolved: whether `body`, called again, finds out what became of a transaction in doubt.
    /// - Throws: ``StoreError`` instead of a ``PostgresError``.
    func persisting<Value>(
        isDoubtResolved: Bool = false, _ body: (ContinuousClock.Instant) async throws -> Value
    ) async throws -> Value {
        let end = ContinuousClock.now + Self.patience
        var pause = Duration.milliseconds(2)
        while true {
            do {
                try await requireBeat(until: end)
                return try await body(end)
            } catch let error as PostgresError {
                guard error.mayBeTriedAgain || isDoubtResolved && error.classification == .inDoubt,
                    .now + pause < end
                else { throw StoreError(error) }
                try await Task.sleep(for: pause)
                pause = min(pause * 2, .milliseconds(200))
            }
        }
    }
}

/// Nobody knows whether a transaction lasts that would have this result.
private struct Doubt<Value: Sendable>: Error {
    let value: Value
    let mark: LibraryChange.Mark
    let error: PostgresError
}

/// One write of a group has failed such that the others are undone with it.
private struct GroupSpoiled: Error {
    let error: any Error
}

extension PostgresError {
    /// Whether nothing was done, and another attempt may succeed.
    var mayBeTriedAgain: Bool { [.onAnotherConnection, .onSameConnection].contains(classification) }
}
