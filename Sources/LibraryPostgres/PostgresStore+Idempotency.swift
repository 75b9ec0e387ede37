package import LibraryStore
package import Shared

extension PostgresStore {
    /// How many expired rows are deleted when others are inserted: at least as many as that are.
    private static let sweep = 64

    /// The stored reply to the same request, if it came before.
    /// - Throws: ``StoreError`` `keyReused` if the key was another request's.
    static func reply(
        _ connection: Connection, to request: IdempotentRequest?, owner: Int64, at now: Timestamp
    ) throws -> [UInt8]? {
        guard let request else { return nil }
        return try KeptReplies(connection, to: [request], owner: owner).reply(to: request, at: now)
    }

    /// The stored reply, for a change that answers with it: the commit then waits until the reply is on the standby.
    static func reply(
        _ change: LibraryChange, to request: IdempotentRequest?, at now: Timestamp
    ) throws -> [UInt8]? {
        let reply = try reply(change.connection, to: request, owner: change.owner, at: now)
        if reply != nil { change.confirm() }
        return reply
    }

    /// Stores the reply, in the transaction of the change that it reports.
    static func keep(
        _ connection: Connection, reply: @autoclosure () -> [UInt8], to request: IdempotentRequest?, owner: Int64,
        at now: Timestamp
    ) throws {
        guard let request else { return }
        var replies = try KeptReplies(connection, to: [], owner: owner)
        replies.keep(reply(), as: request, at: now)
        try replies.send()
    }

    package func requireUnused(_ request: IdempotentRequest?, owner: Int64, at now: Timestamp) async throws {
        guard let request else { return }
        _ = try await read { try Self.reply($0, to: request, owner: owner, at: now) }
    }

    fileprivate static let selectReplies: Statement = """
        SELECT hash, request, reply, created_at FROM idempotency_key WHERE owner = $1 AND hash = ANY ($2::bytea[])
        """
    fileprivate static let insertReplies = Statement(
        """
        INSERT INTO idempotency_key (owner, \(KeptReplies.columns.names))
        SELECT $1, \(KeptReplies.columns.values) FROM \(KeptReplies.columns.rows(from: 2))
        ON CONFLICT (owner, hash) DO UPDATE
        SET request = excluded.request, reply = excluded.reply, created_at = excluded.created_at
        """)
    /// Rows that another transaction deletes are left to it.
    fileprivate static let deleteReplies = Statement(
        """
        DELETE FROM idempotency_key WHERE (owner, hash) IN (
            SELECT owner, hash FROM idempotency_key WHERE created_at <= $1
            ORDER BY created_at LIMIT \(sweep) FOR UPDATE SKIP LOCKED)
        """)
}

/// The stored replies to requests of an owner, and the new ones.
struct KeptReplies {
    private typealias Reply = (request: [UInt8], reply: [UInt8], at: Int64)

    private let connection: Connection
    private let owner: Int64
    private var replies: [[UInt8]: Reply] = [:]
    private var new: [[Value]] = []
    private var newest = Int64.min

    fileprivate static let columns = BatchColumns([
        .init("hash", .bytes), .init("request", .bytes), .init("reply", .bytes), .init("created_at"),
    ])

    /// Looks for all of them in one statement.
    init(_ connection: Connection, to requests: [IdempotentRequest], owner: Int64) throws {
        (self.connection, self.owner) = (connection, owner)
        guard !requests.isEmpty else { return }
        try connection.run(
            PostgresStore.selectReplies, [.integer(owner), .byteStrings(requests.map(\.hash))]
        ) { replies[try $0.bytes(0)] = (try $0.bytes(1), try $0.bytes(2), try $0.integer(3)) }
    }

    /// The reply to the same request, if it came before.
    /// - Throws: ``StoreError`` `keyReused` if the key was another request's.
    func reply(to request: IdempotentRequest, at now: Timestamp) throws -> [UInt8]? {
        guard let known = replies[request.hash], IdempotentRequest.keptTimes(at: now).contains(known.at) else {
            return nil
        }
        guard known.request == request.request else { throw StoreError.keyReused }
        return known.reply
    }

    mutating func keep(_ reply: [UInt8], as request: IdempotentRequest, at now: Timestamp) {
        replies[request.hash] = (request.request, reply, now.milliseconds)
        new.append([.bytes(request.hash), .bytes(request.request), .bytes(reply), .integer(now.milliseconds)])
        newest = max(newest, now.milliseconds)
    }

    /// Stores the new ones.
    func send() throws {
        guard !new.isEmpty else { return }
        try connection.pipeline([
            Request(PostgresStore.insertReplies, [.integer(owner)] + Self.columns.arrays(new)),
            Request(PostgresStore.deleteReplies, [.integer(newest - IdempotentRequest.keepingTime)]),
        ])
    }
}
