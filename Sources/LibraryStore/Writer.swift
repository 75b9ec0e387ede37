import GRDB
import Glibc
import Shared
import Synchronization

/// The one writer: commits groups.
///
/// While one transaction is on its way to the disk the next group collects, so the cost of an `fsync` is shared by all
/// who wait for it. An operation that fails changes nothing and harms no neighbour: mostly it has changed nothing yet;
/// if it has, the group is rolled back and performed once more with a savepoint for each. Callers are answered after
/// the commit that holds their work, never before.
final class Writer: Sendable {
    private struct State {
        var waiting: [Operation] = []
        var draining = false
        var closed = false
        /// Since when the transaction of a group has been worked on.
        var busySince: ContinuousClock.Instant?
        /// Since when a commit has been on its way to the disk.
        var committingSince: ContinuousClock.Instant?
        /// Why the last commit failed, if it did.
        var failure: DatabaseError?
        /// Groups that have been finished so far.
        var groups = 0
    }

    /// One write. `perform` may be called again, after its first work was undone. It keeps its result for `finish`,
    /// which answers the caller: with that result after a commit, or with the error that undid the whole group.
    private struct Operation: Sendable {
        let perform: @Sendable (Database) throws -> Void
        let finish: @Sendable ((any Error)?) -> Void
    }

    /// Bounds how long the first of a group waits for the last.
    private static let largestGroup = 512

    let counts = WriterCounts()
    private let connection: DatabaseQueue
    /// The database file when it was opened; `nil` in memory.
    private let file: [UInt64]?
    private let queueLength: Int
    let thread = Workers(count: 1)
    private let state = Mutex(State())

    /// - Parameter queueLength: how many writes may wait.
    init(_ connection: DatabaseQueue, queueLength: Int = 1024) throws {
        self.connection = connection
        file = try FileStatus(path: connection.path)?.identity
        self.queueLength = queueLength
    }

    /// Runs `body` in a transaction and returns when that transaction is on the disk.
    /// - Parameter committed: called once the transaction is on the disk, before any later write begins: what is kept
    ///   in memory changes in the order of the rows.
    /// - Throws: what `body` throws, having changed nothing; ``StoreError`` if the transaction failed, or too many
    ///   wait already.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value,
        committed: @escaping @Sendable (Value) -> Void = { _ in }
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            submit(body, committed: committed) { continuation.resume(with: $0) }
        }
    }

    /// The same for a caller that cannot wait.
    /// - Parameter completion: called once with the outcome, on the writer's thread unless too many wait already. It
    ///   must not block.
    func submit<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value,
        committed: @escaping @Sendable (Value) -> Void = { _ in },
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        let outcome = Outcome<Value>()
        let operation = Operation(
            perform: { db in
                do {
                    let value = try body(db)
                    outcome.result.withLock { $0 = .success(value) }
                } catch {
                    outcome.result.withLock { $0 = .failure(error) }
                    throw error
                }
            },
            finish: { groupError in
                let result = outcome.result.withLock { $0 }
                switch (result, groupError) {
                case (.failure(let error), _), (_, .some(let error)):
                    completion(.failure(StoreError.outside(error)))
                case (.success(let value), nil):
                    committed(value)
                    completion(.success(value))
                case (nil, nil):
                    completion(.failure(StoreError(DatabaseError(resultCode: .SQLITE_ABORT))))
                }
            })
        enqueue(operation)
    }

    /// The number of writes that are not being worked on yet.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    /// What keeps writes from being stored, as far as it is known; `nil` if nothing does. Waits for nothing.
    func obstacle(at now: ContinuousClock.Instant) -> Obstacle? {
        let (busy, committing, failure) = state.withLock { ($0.busySince, $0.committingSince, $0.failure) }
        if let committing, committing.duration(to: now) > Self.longestCommit {
            return .slowCommit(seconds: committing.duration(to: now).components.seconds)
        }
        if let busy, busy.duration(to: now) > Self.longestGroup {
            return .slowWrite(seconds: busy.duration(to: now).components.seconds)
        }
        guard (try? isFileInPlace()) == true else { return .fileReplaced }
        guard let failure else { return isDiskFull ? .diskFull : nil }
        // Whether it is over shows only when something is written.
        if busy == nil { Task { [self] in try? await write(Self.rewriteFirstPage) } }
        return failure.resultCode == .SQLITE_FULL ? .diskFull : .lastWriteFailed
    }

    /// Writes what is there. An `UPDATE` to the same value would write nothing.
    @Sendable private static func rewriteFirstPage(_ db: Database) throws {
        let version = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
        try db.execute(sql: "PRAGMA user_version = \(version)")
    }

    private static let longestCommit = Duration.seconds(1)
    /// A file of the largest size takes a few seconds.
    private static let longestGroup = Duration.seconds(10)

    /// Whether the disk has no free block for this process. The next writes may still find room in SQLite's files.
    private var isDiskFull: Bool {
        var status = statvfs()
        guard statvfs(connection.path, &status) == 0 else { return false }
        return (geteuid() == 0 ? status.f_bfree : status.f_bavail) == 0
    }

    /// A number that is the same at two looks if no write was taken in between; `nil` while nothing waits, or while a
    /// transaction is at work, which may take as long as a disk or an import does.
    var standstill: Int? { state.withLock { $0.waiting.isEmpty || $0.busySince != nil ? nil : $0.groups } }

    private func isFileInPlace() throws -> Bool { try file == FileStatus(path: connection.path)?.identity }

    /// Lets the accepted writes finish, then closes; closing moves the write-ahead log into the database.
    func close() {
        state.withLock { $0.closed = true }
        thread.close()
        try? connection.close()
    }

    private func enqueue(_ operation: Operation) {
        enum Next { case refuse(any Error), drain, wait }
        let next: Next = state.withLock { state in
            if state.closed { return .refuse(StoreError.closed) }
            if state.waiting.count >= queueLength { return .refuse(StoreError.busy) }
            state.waiting.append(operation)
            if state.draining { return .wait }
            state.draining = true
            return .drain
        }
        switch next {
        case .refuse(let error): operation.finish(error)
        case .drain: thread.submit { self.drain() }
        case .wait: break
        }
    }

    private func drain() {
        while true {
            let group = state.withLock { state in
                let group = Array(state.waiting.prefix(Self.largestGroup))
                state.waiting.removeFirst(group.count)
                if group.isEmpty { state.draining = false }
                state.busySince = group.isEmpty ? nil : .now
                return group
            }
            if group.isEmpty { return }
            let failure = commit(group)
            state.withLock {
                $0.busySince = nil
                $0.groups &+= 1
            }
            for operation in group { operation.finish(failure) }
        }
    }

    /// Returns the error that undid the whole group, if one did.
    private func commit(_ group: [Operation]) -> (any Error)? {
        do {
            try connection.writeWithoutTransaction { db in
                do {
                    try db.beginTransaction(.immediate)
                    if try !performPlainly(group, db) {
                        try db.rollback()
                        try db.beginTransaction(.immediate)
                        for operation in group { try performWithSavepoint(operation, db) }
                    }
                    let start = ContinuousClock.now
                    state.withLock { $0.committingSince = start }
                    defer { state.withLock { $0.committingSince = nil } }
                    try db.commit()
                    counts.committed(group.count, in: start.duration(to: .now))
                } catch {
                    if db.isInsideTransaction { try? db.rollback() }
                    throw error
                }
            }
            // What is written into a deleted file is lost with the process, however well it was synced.
            guard try isFileInPlace() else {
                throw DatabaseError(resultCode: .SQLITE_IOERR, message: "the database file was deleted or replaced")
            }
            state.withLock { $0.failure = nil }
            return nil
        } catch {
            counts.failed()
            state.withLock { $0.failure = error as? DatabaseError ?? DatabaseError(resultCode: .SQLITE_IOERR) }
            return error
        }
    }

    /// Performs the group without savepoints: at each one FTS5 would write what it has gathered into the database,
    /// which costs as much as all the rest.
    /// - Returns: `false` if an operation failed after it had changed something, so that all must begin anew.
    private func performPlainly(_ group: [Operation], _ db: Database) throws -> Bool {
        for operation in group {
            let changes = db.totalChangesCount
            do {
                try operation.perform(db)
            } catch {
                guard db.isInsideTransaction else { throw error }
                if db.totalChangesCount != changes { return false }
            }
        }
        return true
    }

    private func performWithSavepoint(_ operation: Operation, _ db: Database) throws {
        try db.cachedStatement(sql: "SAVEPOINT operation").execute()
        do {
            try operation.perform(db)
        } catch {
            // A full disk or an I/O error can end the transaction itself; then nobody's work is left.
            guard db.isInsideTransaction else { throw error }
            try db.cachedStatement(sql: "ROLLBACK TO operation").execute()
        }
        try db.cachedStatement(sql: "RELEASE operation").execute()
    }
}

private final class Outcome<Value: Sendable>: Sendable {
    let result = Mutex<Result<Value, any Error>?>(nil)
}
