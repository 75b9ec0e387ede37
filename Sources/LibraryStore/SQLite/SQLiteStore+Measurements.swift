import GRDB
import Shared

extension SQLiteStore {
    package var writerCounts: WriterCounts { writer.counts }

    package func measurements() async -> Measurements {
        let counts = try? await readers.readSlowly { db in
            // The numbers of an owner's events have no gaps.
            try Row.fetchOne(
                db,
                sql: """
                    SELECT count(*), coalesce(sum(
                        (SELECT max(sequence) FROM author_event WHERE owner = user.id)
                        - (SELECT min(sequence) FROM author_event WHERE owner = user.id) + 1), 0)
                    FROM user WHERE \(Self.isUser)
                    """
            ).map { (users: try $0.value(0) as Int64, events: try $0.value(1) as Int64) }
        }
        let held = sessions.counts
        return Measurements(
            databaseSize: size(""), logSize: size("-wal"), users: counts?.users, events: counts?.events,
            sessions: held.sessions, keys: held.keys, eventStreams: changes.subscriptionCount,
            waitingWrites: writer.waitingCount, isReady: obstacle() == nil)
    }

    package func sizeOfLog(beyond limit: Int64) -> Int64? { size("-wal").flatMap { $0 > limit ? $0 : nil } }

    private func size(_ suffix: String) -> Int64? { try? FileStatus(path: path + suffix)?.size }
}
