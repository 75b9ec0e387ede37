import CPostgres
import Glibc

/// A connection of libpq, where each wait has an end: it never blocks longer, whatever the server does.
///
/// A connection whose wait ended, or that was lost, is closed, and each further call fails. No cancel is ever sent: a
/// commit that is cancelled while it waits for a standby answers with success.
final class LibpqConnection {
    private var handle: OpaquePointer?
    /// The message of the last notice of severity WARNING since ``forgetWarning()``.
    private(set) var warning: String?
    /// Whether nobody wants an answer of this server any more. It is asked each tenth of a second.
    var isLeft: () -> Bool = { false }
    private static let longestPoll: Int32 = 100

    /// Connects (PostgreSQL 15 documentation, section 34.1, PQconnectPoll).
    /// - Note: Looking up the name of a host is not bounded: libpq leaves it to the resolver of the system.
    /// - Parameter parameters: those of libpq, by name.
    /// - Throws: ``PostgresError``.
    init(_ parameters: [String: String], by end: Deadline) throws {
        guard cpostgres_load() else { throw PostgresError.notInstalled }
        guard let handle = startConnection(parameters) else { throw PostgresError.lost("out of memory") }
        // From here on `deinit` closes it, also when an error is thrown.
        self.handle = handle
        cpostgres_setVerbose(handle)
        let receiver: PQnoticeReceiver = { context, notice in
            guard let context, let notice, let warning = Answer.warning(in: notice) else { return }
            Unmanaged<LibpqConnection>.fromOpaque(context).takeUnretainedValue().warning = warning
        }
        cpostgres_setNoticeReceiver(handle, receiver, Unmanaged.passUnretained(self).toOpaque())
        try connect(by: end)
        guard cpostgres_setNonblocking(handle) == 0 else { throw loss(of: handle) }
    }

    deinit { close() }

    var isOpen: Bool { handle != nil }

    /// Whether a transaction has begun that has not ended.
    var isInTransaction: Bool {
        handle.map { cpostgres_transactionStatus($0) != PQTRANS_IDLE } ?? false
    }

    /// Such as 150018 for 15.18.
    var serverVersion: Int { handle.map { Int(cpostgres_serverVersion($0)) } ?? 0 }

    func forgetWarning() { warning = nil }

    func close() {
        guard let handle else { return }
        self.handle = nil
        cpostgres_finish(handle)
    }

    /// Calls a function of libpq that returns 1, or 0 if it failed; then the connection is closed.
    func call(_ function: (OpaquePointer) -> Int32) throws {
        guard let handle else { throw PostgresError.closed }
        guard function(handle) == 1 else { throw loss(of: handle) }
    }

    /// Sends what the calls before have left to be sent.
    func flush(by end: Deadline) throws {
        while let handle {
            switch cpostgres_flush(handle) {
            case 0: return
            case 1:
                let events = try wait(for: POLLIN | POLLOUT, by: end)
                // The server may wait until it has sent something before it reads on.
                if events & POLLIN != 0 { try call(cpostgres_consumeInput) }
            default: throw loss(of: handle)
            }
        }
        throw PostgresError.closed
    }

    /// The next result of a statement; `nil` after the last.
    func next(by end: Deadline) throws -> Answer? {
        while let handle {
            guard cpostgres_isBusy(handle) == 1 else { return cpostgres_getResult(handle).map { Answer($0) } }
            _ = try wait(for: POLLIN, by: end)
            try call(cpostgres_consumeInput)
        }
        throw PostgresError.closed
    }

    private func connect(by end: Deadline) throws {
        var events = POLLOUT
        while let handle {
            guard cpostgres_status(handle) != CONNECTION_BAD else { throw refusal(of: handle) }
            _ = try wait(for: events, by: end)
            switch cpostgres_connectPoll(handle) {
            case PGRES_POLLING_OK: return
            case PGRES_POLLING_READING: events = POLLIN
            case PGRES_POLLING_WRITING: events = POLLOUT
            default: throw refusal(of: handle)
            }
        }
        throw PostgresError.closed
    }

    /// - Returns: which of the events have come (poll(2)).
    private func wait(for events: Int32, by end: Deadline) throws -> Int32 {
        while let handle {
            var descriptor = pollfd(fd: cpostgres_socket(handle), events: Int16(events), revents: 0)
            let count = poll(&descriptor, 1, min(end.milliseconds, Self.longestPoll))
            if count > 0 { return Int32(descriptor.revents) }
            if count < 0, errno != EINTR {
                close()
                throw PostgresError.lost("poll failed with error \(errno)")
            }
            if end.isOver {
                close()
                throw PostgresError.deadline(end.time)
            }
            if isLeft() {
                close()
                throw PostgresError.lost("another database server takes writes by now")
            }
        }
        throw PostgresError.closed
    }

    /// Closes the connection, and returns why it was not made.
    private func refusal(of handle: OpaquePointer) -> PostgresError {
        let message = String(cString: cpostgres_errorMessage(handle))
        close()
        return PostgresError(refusal: message)
    }

    /// Closes the connection, and returns why it was lost.
    func loss() -> PostgresError { handle.map(loss(of:)) ?? .closed }

    private func loss(of handle: OpaquePointer) -> PostgresError {
        let message = String(cString: cpostgres_errorMessage(handle))
        close()
        return .lost(message.firstLine)
    }
}

extension PostgresError {
    /// Of a connection that was refused libpq has only a text. With PQERRORS_VERBOSE what the server says is in it as
    /// `SEVERITY:  SQLSTATE: MESSAGE` (PostgreSQL 15 documentation, section 34.11, PQsetErrorVerbosity).
    init(refusal message: String) {
        let line = message.firstLine
        let parts = line.split(separator: ":  ", maxSplits: 1)
        let fields = parts.last?.split(separator: ": ", maxSplits: 1) ?? []
        guard parts.count == 2, fields.count == 2, fields[0].utf8.count == 5,
            fields[0].utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) })
        else {
            self = .lost(line)
            return
        }
        self = .server(Report(sqlState: String(fields[0]), message: String(fields[1]), endsConnection: true))
    }
}

extension String {
    /// Without what libpq advises in further lines.
    var firstLine: String {
        split(whereSeparator: \.isNewline).first.map(String.init) ?? "the connection to the database was lost"
    }
}
