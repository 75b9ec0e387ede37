import GRDB
package import Shared

extension SQLiteStore {
    package func undo(
        _ request: UndoRequest, owner: Int64, from origin: Int64? = nil, as key: IdempotentRequest? = nil,
        at now: Timestamp, clock: (@Sendable () -> Timestamp)? = nil
    ) async throws -> UndoReport {
        if request.dryRun == true {
            return try await plan(request, owner: owner, at: now).report(Message.wouldUndo)
        }
        defer { changes.advance(owner) }
        guard request.importID != nil || request.last ?? 1 > Int64(Self.part) else {
            return try await writer.write(from: .user(owner), isLong: request.last ?? 1 > 16) { db in
                if let report = try Self.report(db, of: key, owner: owner, at: now) { return report }
                try Self.requireNoneStaged(db, owner: owner)
                return try Self.perform(
                    try UndoPlan(db, request, owner: owner, at: now), db, owner: owner, from: origin, as: key, at: now)
            }
        }
        // While the plan is made, other users' writes go on, and those of the owner wait.
        try await hold(owner)
        defer { writer.release(owner) }
        if key != nil,
            let report = try await readers.readSlowly({ try Self.report($0, of: key, owner: owner, at: now) })
        {
            return report
        }
        let plan = try await plan(request, owner: owner, at: now)
        return try await writer.write(from: .file(of: owner), isLong: true) { db in
            try Self.perform(plan, db, owner: owner, from: origin, as: key, at: clock?() ?? now)
        }
    }

    private func plan(_ request: UndoRequest, owner: Int64, at now: Timestamp) async throws -> UndoPlan {
        try await readers.readSlowly { db in
            var plan: UndoPlan?
            // All statements read the same state.
            try db.inTransaction(.deferred) {
                try Self.requireNoneStaged(db, owner: owner)
                plan = try UndoPlan(db, request, owner: owner, at: now)
                return .commit
            }
            guard let plan else { throw StoreError.busy }
            return plan
        }
    }

    /// The stored reply to the same request, if it came before.
    private static func report(
        _ db: Database, of key: IdempotentRequest?, owner: Int64, at now: Timestamp
    ) throws -> UndoReport? {
        try reply(db, to: key, owner: owner, at: now).map { try UndoReport(json: $0, unknownMembers: .ignored) }
    }

    private static func perform(
        _ plan: UndoPlan, _ db: Database, owner: Int64, from origin: Int64?, as key: IdempotentRequest?,
        at now: Timestamp
    ) throws -> UndoReport {
        try plan.perform(db, from: origin, at: now)
        let report = plan.report(Message.undone)
        try keep(db, reply: report.json, to: key, owner: owner, at: now)
        return report
    }
}
