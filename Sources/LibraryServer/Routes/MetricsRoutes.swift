import HTTPTypes
import Hummingbird
import LibraryStore
import NIOCore
import Shared

/// Tells Prometheus and similar programs what the daemon counts.
struct MetricsRoutes: Sendable {
    let store: any Store
    let authenticator: Authenticator
    let metrics: Metrics

    func add(to routes: RouterGroup<GuestContext>) {
        routes.on(Endpoints.metrics) { call, context in
            let request = call.request
            if !ClientAddress.isLocal(request.headers, host: request.head.authority, context.peer) {
                let principal = try await authenticator.caller(request.headers).principal
                context.user.name = principal.name
                guard principal.admin else { throw Failure(.adminRequired) }
            }
            return .made(
                Response(Reply(mediaType: MetricsText.mediaType, body: ByteBuffer(string: await text()))))
        }
    }

    private func text() async -> String {
        let measured = await store.measurements()
        var text = MetricsText()
        text.gauge("libraryd_ready", "Whether writes are stored, as /readyz says.", measured.isReady ? 1 : 0)
        metrics.requests.write(to: &text)
        metrics.connections.write(to: &text)
        text.gauge("libraryd_event_streams", "Clients that listen to events.", measured.eventStreams)
        text.gauge(
            "libraryd_password_hashes_pending", "Passwords that are being hashed or wait for it.",
            authenticator.passwords.pendingCount)
        writeStore(measured, to: &text)
        ProcessMetrics.write(to: &text)
        return text.text
    }

    private func writeStore(_ measured: Measurements, to text: inout MetricsText) {
        let counts = store.writerCounts
        text.gauge("libraryd_writes_waiting", "Writes that wait for the writer.", measured.waitingWrites)
        text.histograms(
            "libraryd_commit_group_size", "Writes that were committed together.", [([], counts.groupSizes)], unit: 1)
        text.histograms(
            "libraryd_commit_duration_seconds", "Time of a commit until it is on the disk, fsync included.",
            [([], counts.commitTimes)], unit: 1_000_000_000)
        text.counter(
            "libraryd_commits_failed_total", "Groups of writes that could not be stored.", counts.failedGroups)
        if let server = measured.server { write(server, to: &text) }
        text.gauge("libraryd_database_bytes", "Size of the database file.", measured.databaseSize)
        text.gauge("libraryd_wal_bytes", "Size of the write-ahead log.", measured.logSize)
        text.gauge(
            "libraryd_sessions", "Logins that have not been ended, with those that expired lately.", measured.sessions)
        text.gauge("libraryd_api_keys", "API keys, with those that expired lately.", measured.keys)
        text.gauge("libraryd_users", "Accounts.", measured.users)
        text.gauge("libraryd_events", "Events that are kept, of all users.", measured.events)
    }

    private func write(_ server: ServerMeasurements, to text: inout MetricsText) {
        text.family(
            "libraryd_commits_in_doubt_total", .counter,
            "Commits that the database server did not answer, by what was found out."
        ) { text in
            for (outcome, count) in [
                ("committed", server.committed), ("repeated", server.repeated), ("unknown", server.unknown),
            ] {
                text.sample([("outcome", outcome)], count)
            }
        }
        text.counter(
            "libraryd_database_moves_total", "Times that another database server has become the one that takes writes.",
            server.moves)
        text.counter(
            "libraryd_database_losses_total", "Times that the database lacked what it had acknowledged.",
            server.losses)
    }
}
