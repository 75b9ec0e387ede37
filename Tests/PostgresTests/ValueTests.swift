import TestSupport
import Testing

@testable import LibraryPostgres

/// What is sent arrives as it is.
struct ValueTests {
    private static let texts = [
        "", "abc", #"'"\ \\ \0 {} {a,"b"} NULL \x41 $1"#, "👩‍🚀 Ürümqi e\u{301}\u{345}", "\u{1}\t\r\n\u{7f}",
        "\u{10FFFF}", String(repeating: "x", count: 100_000),
    ]

    @Test func textsArriveByteForByte() async throws {
        let connection = try await PostgresServer.shared.value.connect()
        for text in Self.texts {
            #expect(
                try connection.rows("SELECT $1::text", [.text(text)]) { try Array($0.utf8(0)) } == [Array(text.utf8)])
            #expect(try connection.integer("SELECT octet_length($1::text)", [.text(text)]) == Int64(text.utf8.count))
        }
    }

    /// The server refuses them: in text format they would arrive as `abc`.
    @Test(arguments: [
        ("SELECT $1::text", Value.text("abc\0def")), ("SELECT $1::text", .text("\0")),
        ("SELECT unnest($1::text[])", .texts(["a", "abc\0def"])),
    ])
    func textsWithNULAreRefused(text: String, value: Value) async throws {
        let connection = try await PostgresServer.shared.value.connect()
        let error = #expect(throws: PostgresError.self) {
            try connection.run(Statement(text), [value]) { _ in Issue.record("there is a row") }
        }
        #expect(error?.classification == .unstorableText)
        #expect(error?.sqlState == "22021")
        #expect(try connection.integer("SELECT 1") == 1)
    }

    @Test func integersAndFlagsArrive() async throws {
        let connection = try await PostgresServer.shared.value.connect()
        for integer in [0, 1, -1, .max, .min] as [Int64] {
            #expect(try connection.integer("SELECT $1::bigint", [.integer(integer)]) == integer)
        }
        for flag in [true, false] {
            #expect(try connection.rows("SELECT $1::boolean", [.flag(flag)]) { try $0.flag(0) } == [flag])
        }
        #expect(
            try connection.rows("SELECT $1::bigint, 1", [.null]) { try [$0.isNull(0), $0.isNull(1)] } == [
                [true, false]
            ])
        // Where a smaller integer is asked for, too.
        #expect(try connection.text("SELECT repeat('a', $1)", [.integer(3)]) == "aaa")
    }

    @Test func bytesArrive() async throws {
        let connection = try await PostgresServer.shared.value.connect()
        for bytes in [[], [0], Array(0...255)] as [[UInt8]] {
            #expect(try connection.rows("SELECT $1::bytea", [.bytes(bytes)]) { try $0.bytes(0) } == [bytes])
        }
    }

    @Test func arraysArrive() async throws {
        let connection = try await PostgresServer.shared.value.connect()
        let texts: [String?] = Self.texts + [nil]
        let integers = texts.indices.map { $0 == 2 ? nil : Int64($0) - 3 }
        let flags = texts.indices.map { $0 == 3 ? nil : $0.isMultiple(of: 2) }
        var rows: ([Int64?], [String?], [Bool?]) = ([], [], [])
        let statement: Statement = "SELECT * FROM unnest($1::bigint[], $2::text[], $3::boolean[])"
        let count = try connection.run(statement, [.integers(integers), .texts(texts), .flags(flags)]) { row in
            rows.0.append(try row.isNull(0) ? nil : row.integer(0))
            rows.1.append(try row.isNull(1) ? nil : row.text(1))
            rows.2.append(try row.isNull(2) ? nil : row.flag(2))
        }
        #expect(count == texts.count)
        #expect(rows.0 == integers && rows.1 == texts && rows.2 == flags)
        #expect(try connection.run(statement, [.integers([]), .texts([]), .flags([])]) == 0)
    }

    /// An error, never a trap.
    @Test(arguments: ["''", "'-'", "'+1'", "'1.0'", "'a'", "'9223372036854775808'", "'-9223372036854775809'", "NULL"])
    func whatIsNoIntegerIsRefused(text: String) async throws {
        let connection = try await PostgresServer.shared.value.connect()
        #expect(throws: PostgresError.self) {
            try connection.run(Statement("SELECT \(text)")) { _ = try $0.integer(0) }
        }
    }

    @Test func otherMisfitsAreRefused() async throws {
        let connection = try await PostgresServer.shared.value.connect()
        for read in [
            { _ = try $0.flag(0) }, { _ = try $0.bytes(0) }, { _ = try $0.bytes(1) }, { _ = try $0.text(2) },
            { _ = try $0.isNull(3) }, { _ = try $0.text(-1) }, { _ = try $0.integer(.max) },
        ] as [(Row) throws -> Void] {
            #expect(throws: PostgresError.self) { try connection.run(#"SELECT 'yes', '\xgg', NULL"#, [], read) }
        }
        #expect(try connection.integer("SELECT 1") == 1)
    }
}
