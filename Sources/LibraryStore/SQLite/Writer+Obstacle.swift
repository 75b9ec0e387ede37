import GRDB
import Glibc
import Shared
import Synchronization

extension Writer {
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
    var standstill: Int? { state.withLock { $0.waiting.isIdle || $0.busySince != nil ? nil : $0.groups } }

    func isFileInPlace() throws -> Bool { try file == FileStatus(path: connection.path)?.identity }
}
