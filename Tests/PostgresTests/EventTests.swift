import Testing

@testable import LibraryPostgres
@testable import LibraryStore
@testable import Shared

/// Events as a stream of changes reads them.
@Suite(.serialized) struct EventTests {
    private func events(
        _ twins: Twins, after sequence: Int64, owner: Int64 = 1
    ) async throws -> Dump.Page {
        let position = EventPosition(epoch: try twins.sqlite.lastEvent(owner: 1).epoch, sequence: sequence)
        let page = await twins.both("after \(sequence)") {
            try await $0.events(after: position, owner: owner, Dump.page)
        } _: {
            try await $0.events(after: position, owner: owner, Dump.page)
        }
        return try #require(page.success)
    }

    @Test func eachKindOfChangeIsTold() async throws {
        let twins = try await Twins()
        #expect(try await twins.postgres.lastEvent(owner: 1).sequence == 0)
        try await twins.create(AuthorDraft("A", "B"), at: 1)
        try await twins.create(AuthorDraft("C", "D"), owner: 2, at: 2)
        var values = AuthorValues()
        (values[text: .name], values[flag: .bookerPrize]) = ("A2", true)
        try await twins.update(1, values, at: 3)
        try await twins.update(1, values, at: 4)
        try await twins.delete(1, at: 5)
        for sequence in [0, 1, 2, 3, 4, -1, .max, .min] as [Int64] {
            for owner in [1, 2, 3] as [Int64] {
                let last = try twins.sqlite.lastEvent(owner: owner)
                if sequence <= last.sequence {
                    _ = try await events(twins, after: sequence, owner: owner)
                } else {
                    // Only a server that has replaced another can have fewer than somebody was told.
                    let ahead = EventPosition(epoch: last.epoch, sequence: sequence)
                    let page = try await twins.postgres.events(after: ahead, owner: owner, Dump.page)
                    #expect(page.rows.isEmpty && page.next == "\(last) true false")
                }
            }
        }
        let told = try await events(twins, after: 0).rows.map { $0.description.split(separator: " ", maxSplits: 1)[1] }
        #expect(
            told.map(String.init) == [
                "created 1 1|A|B|UK|0|1|1|1|- - -", "updated 3 1|A2|B|UK|1|1|3|2|\u{1}1|A|B|UK|0|1|1|1|- - -",
                "deleted 5 1|A2|B|UK|1|1|3|2|- - -",
            ])
        for owner in [1, 2, 3] as [Int64] {
            await twins.both {
                try $0.lastEvent(owner: owner)
            } _: {
                try await $0.lastEvent(owner: owner)
            }
        }
    }

    /// More than there are in one part.
    @Test func manyEventsComeInParts() async throws {
        let twins = try await Twins()
        for index in 0..<520 { try await twins.create(AuthorDraft("A\(index)", "B"), at: Int64(index)) }
        let first = try await events(twins, after: 0)
        #expect(first.rows.count == 500 && first.next?.hasSuffix("-500 false true") == true)
        let second = try await events(twins, after: 500)
        #expect(second.rows.count == 20 && second.next?.hasSuffix("-520 false false") == true)
        #expect(try await events(twins, after: 520).rows.isEmpty)
        // The library goes on from an earlier state, and its numbers are those of other changes.
        let foreign = EventPosition(epoch: "0123456789abcdef", sequence: 510)
        let gone = try await twins.postgres.events(after: foreign, owner: 1, Dump.page)
        #expect(gone.rows.isEmpty && gone.next?.hasSuffix("-520 true false") == true)

        try await twins.sqlite.writer.write { db in _ = try SQLiteStore.deleteEvents(db, owner: 1, through: 200) }
        try twins.library.connect().run("DELETE FROM author_event WHERE owner = 1 AND sequence <= 200")
        for sequence in [0, 199] as [Int64] {
            let reset = try await events(twins, after: sequence)
            #expect(reset.rows.isEmpty && reset.next?.hasSuffix("-520 true false") == true)
        }
        #expect(try await events(twins, after: 200).rows.count == 320)
    }

    @Test func whoMadeAChangeIsTold() async throws {
        let twins = try await Twins()
        let user = try #require(try twins.sqlite.user(.publicID("p1")))
        let session = try await twins.sqlite.createSession(
            id: "session", user: user, refreshHash: [1], client: "Ada's \"browser\" 🙂", at: Twins.time(1),
            expiresAt: Twins.time(99_999_999), idle: 9999, address: nil, key: nil, by: .operator)
        let origin = try #require(session.origin)
        let insert: Statement = """
            INSERT INTO origin ("user", number, session, client, import, first_event) VALUES ($1, $2, $3, $4, $5, $6)
            """
        let connection = try twins.library.connect()
        try connection.run(
            insert,
            [
                .integer(1), .integer(origin), .text("session"), .text("Ada's \"browser\" 🙂"), .null, .null,
            ])
        // Another user's has the same number.
        try connection.run(
            insert, [.integer(2), .integer(origin), .text("other"), .text("other"), .text("other"), .integer(1)])
        try await twins.create(AuthorDraft("A", "B"), from: origin, at: 2)
        #expect(try await events(twins, after: 0).rows[0].description.hasSuffix("|session Ada's \"browser\" 🙂 -"))
        try connection.run("UPDATE origin SET import = 'mine', client = NULL WHERE \"user\" = 1")
        let page = try await twins.postgres.changes(ChangeQuery(), owner: 1, Dump.page)
        #expect(page.rows[0].description.hasSuffix("|session - mine"))
    }

    /// What a database cannot have makes no read hang or end the process.
    @Test func aDamagedHistoryIsRead() async throws {
        let twins = try await Twins()
        for index in 0..<4 { try await twins.create(AuthorDraft("A\(index)", "B"), at: Int64(index)) }
        let connection = try twins.library.connect()
        try connection.run("UPDATE author_event SET previous = sequence, next = 999, id = 1")
        try connection.run("UPDATE author SET event = 4 WHERE id = 1")
        #expect(try await twins.postgres.history(of: 1, ChangeQuery(), owner: 1, Dump.page).rows.count == 1)
        let page = try await twins.postgres.changes(ChangeQuery(), owner: 1, Dump.page)
        #expect(page.rows.map(\.id) == [4, 3, 2, 1])
        try connection.run("DELETE FROM library")
        await #expect(throws: StoreError.damaged("there is no epoch")) { try await twins.postgres.lastEvent(owner: 1) }
        await #expect(throws: StoreError.damaged("there is no epoch")) { try await twins.postgres.history(owner: 1) }
    }
}
