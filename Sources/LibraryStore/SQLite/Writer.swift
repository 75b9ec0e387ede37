import GRDB
import Shared
import Synchronization

/// The one writer: commits groups.
///
/// While one transaction is on its way to the disk the next group collects, so the cost of an `fsync` is shared by all
/// who wait for it. An operation that fails changes nothing and harms no neighbour: mostly it has changed nothing yet;
/// if it has, the group is rolled back and performed once more with a savepoint for each. Callers are answered after
/// the commit that holds their work, never before.
final class Writer: Sendable {
    struct State {
        var waiting = WaitingWrites<Operation>()
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

    struct Operation {
        let write: PendingWrite<Database>
        /// Whether the write reads and writes events and the last id through ``Writer/newAuthors`` only.
        let isCreation: Bool
    }

    /// Bounds how long the first of a group waits for the last.
    private static let largestGroup = 512

    let counts = WriterCounts()
    let newAuthors = NewAuthors()
    let connection: DatabaseQueue
    /// The database file when it was opened; `nil` in memory.
    let file: [UInt64]?
    private let queueLength: Int
    let thread = Workers<Void>(count: 1)
    let state = Mutex(State())

    /// - Parameter queueLength: how many writes may wait; of one user, as many as are free.
    init(_ connection: DatabaseQueue, queueLength: Int = 1024) throws {
        self.connection = connection
        file = try FileStatus(path: connection.path)?.identity
        self.queueLength = queueLength
    }

    /// Runs `body` in a transaction and returns when that transaction is on the disk.
    /// - Parameters:
    ///   - origin: whose writes it comes after.
    ///   - isLong: whether it takes as long as hundreds of others.
    ///   - committed: called once the transaction is on the disk, before any later write begins: what is kept in
    ///     memory changes in the order of the rows.
    /// - Throws: what `body` throws, having changed nothing; ``StoreError`` if the transaction failed, or too many
    ///   wait already.
    func write<Value: Sendable>(
        from origin: WriteOrigin = .daemon, isLong: Bool = false,
        _ body: @escaping @Sendable (Database) throws -> Value,
        committed: @escaping @Sendable (Value) -> Void = { _ in }
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            submit(from: origin, isLong: isLong, body, committed: committed) { continuation.resume(with: $0) }
        }
    }

    /// The same for a caller that cannot wait.
    /// - Parameters:
    ///   - isCreation: whether `body` reads and writes events and the last id through ``newAuthors`` only, to which it
    ///     adds an author as the last thing that it does.
    ///   - completion: called once with the outcome, on the writer's thread unless too many wait already. It must not
    ///     block.
    func submit<Value: Sendable>(
        from origin: WriteOrigin = .daemon, isLong: Bool = false, isCreation: Bool = false,
        _ body: @escaping @Sendable (Database) throws -> Value,
        committed: @escaping @Sendable (Value) -> Void = { _ in },
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        let write = PendingWrite(body, committed: committed) { completion($0.mapError(StoreError.outside)) }
        enqueue(Operation(write: write, isCreation: isCreation), from: origin, isLong: isLong)
    }

    /// Lets the user's writes wait until ``release(_:)``, but for those of ``WriteOrigin/file(of:)``. Called by
    /// `committed` of a write of that user, so that those before it are done.
    /// - Returns: `false` if somebody else holds them.
    func hold(_ user: Int64) -> Bool { state.withLock { $0.waiting.hold(user) } }

    func release(_ user: Int64) {
        let mustDrain = state.withLock { state in
            state.waiting.release(user)
            return Self.beginsDraining(&state)
        }
        if mustDrain { wakeThread() }
    }

    /// Whether a write could be performed now if none were at work.
    var hasWaiting: Bool { state.withLock { !$0.waiting.isIdle } }

    /// The number of writes that are not being worked on yet.
    var waitingCount: Int { state.withLock { $0.waiting.count } }

    var isClosed: Bool { state.withLock { $0.closed } }

    /// Lets the accepted writes finish, then closes; closing moves the write-ahead log into the database. Writes that
    /// wait for ``release(_:)`` are refused.
    func close() {
        let held = state.withLock { state in
            state.closed = true
            return state.waiting.takeHeld()
        }
        for operation in held { operation.write.finish(StoreError.closed) }
        thread.close()
        try? connection.close()
    }

    private func enqueue(_ operation: Operation, from origin: WriteOrigin, isLong: Bool) {
        enum Next { case refuse(any Error), drain, wait }
        let next: Next = state.withLock { state in
            if state.closed { return .refuse(StoreError.closed) }
            guard state.waiting.append(operation, from: origin, isLong: isLong, limit: queueLength) else {
                return .refuse(StoreError.busy)
            }
            return Self.beginsDraining(&state) ? .drain : .wait
        }
        switch next {
        case .refuse(let error): operation.write.finish(error)
        case .drain: wakeThread()
        case .wait: break
        }
    }

    /// Whether the thread must be woken.
    private static func beginsDraining(_ state: inout State) -> Bool {
        guard !state.draining, !state.waiting.isIdle else { return false }
        state.draining = true
        return true
    }

    private func wakeThread() {
        guard thread.submit({ self.drain() }) != nil else { return }
        // The writer has been closed since the thread was to be woken.
        while case let group = state.withLock({ $0.waiting.takeGroup(upTo: .max) }), !group.isEmpty {
            for operation in group { operation.write.finish(StoreError.closed) }
        }
    }

    private func drain() {
        while true {
            let group = state.withLock { state in
                let group = state.waiting.takeGroup(upTo: Self.largestGroup)
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
            for operation in group { operation.write.finish(failure) }
        }
    }

    /// Returns the error that undid the whole group, if one did.
    private func commit(_ group: [Operation]) -> (any Error)? {
        do {
            try connection.writeWithoutTransaction { db in
                do {
                    newAuthors.begin(gathers: true)
                    try db.beginTransaction(.immediate)
                    if try !performPlainly(group, db) {
                        try db.rollback()
                        newAuthors.begin(gathers: false)
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
            if !operation.isCreation, try !storeNewAuthors(db) { return false }
            let changes = db.totalChangesCount
            do {
                try operation.write.perform(db)
            } catch {
                guard db.isInsideTransaction else { throw error }
                if db.totalChangesCount != changes { return false }
            }
        }
        return try storeNewAuthors(db, isEnd: true)
    }

    /// - Returns: `false` if that failed for one of the authors.
    private func storeNewAuthors(_ db: Database, isEnd: Bool = false) throws -> Bool {
        do {
            try newAuthors.store(db, isEnd: isEnd)
            return true
        } catch {
            guard db.isInsideTransaction else { throw error }
            return false
        }
    }

    private func performWithSavepoint(_ operation: Operation, _ db: Database) throws {
        try db.cachedStatement(sql: "SAVEPOINT operation").execute()
        do {
            try operation.write.perform(db)
        } catch {
            // A full disk or an I/O error can end the transaction itself; then nobody's work is left.
            guard db.isInsideTransaction else { throw error }
            try db.cachedStatement(sql: "ROLLBACK TO operation").execute()
        }
        try db.cachedStatement(sql: "RELEASE operation").execute()
    }
}
