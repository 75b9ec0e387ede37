import GRDB
import GRDBSQLite
import Synchronization

/// Whether nobody waits any more for work that keeps a thread busy: that work cannot ask its task.
final class Cancellation: Sendable {
    private let wasRequested = Atomic(false)
    /// Steps that a database may still take, each of ``stepLength`` instructions of SQLite's virtual machine.
    private let steps: Atomic<Int>
    private static let stepLength: Int32 = 10_000

    /// - Parameter instructions: of SQLite's virtual machine; a database from elsewhere may ask for work without an end.
    init(instructions: Int = .max) {
        steps = Atomic(instructions / Int(Self.stepLength))
    }

    /// Calls `body`, and cancels its work when the task is cancelled.
    static func following<Value>(_ body: (Cancellation) async throws -> Value) async rethrows -> Value {
        let cancellation = Cancellation()
        return try await withTaskCancellationHandler {
            try await body(cancellation)
        } onCancel: {
            cancellation.request()
        }
    }

    func request() { wasRequested.store(true, ordering: .relaxed) }

    var isRequested: Bool { wasRequested.load(ordering: .relaxed) }

    /// - Throws: ``StartupError`` `locked`.
    func check() throws {
        guard !isRequested else {
            throw StartupError(.locked, "the daemon is stopping, so the work was given up", hint: "try again")
        }
    }

    fileprivate var isOver: Bool {
        isRequested || steps.wrappingSubtract(1, ordering: .relaxed).newValue < 0
    }

    /// Calls `body`. Statements on the connection end with `SQLITE_INTERRUPT` once the work is cancelled or takes too many steps
    /// (https://www.sqlite.org/c3ref/progress_handler.html).
    func guarding<Value>(_ db: Database, _ body: () throws -> Value) throws -> Value {
        let handler: @convention(c) (UnsafeMutableRawPointer?) -> Int32 = { context in
            guard let context else { return 0 }
            return Unmanaged<Cancellation>.fromOpaque(context).takeUnretainedValue().isOver ? 1 : 0
        }
        sqlite3_progress_handler(
            db.sqliteConnection, Self.stepLength, handler, Unmanaged.passUnretained(self).toOpaque())
        defer { sqlite3_progress_handler(db.sqliteConnection, 0, nil, nil) }
        do {
            return try withExtendedLifetime(self, body)
        } catch let error as DatabaseError where error.resultCode == .SQLITE_INTERRUPT {
            try check()
            throw error
        }
    }
}
