import Foundation
import TestSupport
import Testing

/// A library of an older schema, which the programs of today serve.
@Suite(.serialized) struct UpgradeTests {
    private let home = TemporaryFolder()

    /// `Tests/Fixtures/library-schema-7.db.gz` has the user ada, with the winners of the Booker Prize. `make deb-test`
    /// begins with it.
    @Test func theUserOfAnOlderLibraryHasEveryAuthor() async throws {
        let folder = TemporaryFolder()
        let fixture = Program.repository + "/Tests/Fixtures/library-schema-7.db.gz"
        let unpack =
            "mkdir -m 700 data && umask 077 && gunzip < \(fixture) > data/library.db"
        let unpacked = try await Program.run("/bin/sh", ["-c", unpack], folder: folder.path)
        #expect(unpacked.code == 0, "\(unpacked.error)")

        let daemon = try await Daemon(folder: folder)
        let login = try await daemon.libctl(
            "login", "ada", "--password-stdin", home: home, input: "correct horse battery staple\n")
        #expect(login.code == 0, "\(login.error)")
        let fields = "name,book,country,booker_prize"
        let list = try await daemon.libctl("authors", "list", "--fields", fields, "-o", "csv", home: home)
        let winners = try String(contentsOfFile: Program.repository + "/examples/booker-winners.csv", encoding: .utf8)
        let expected = winners.split(separator: "\n").map { $0.prefix(upTo: $0.lastIndex(of: ",") ?? $0.endIndex) }
        #expect(list.output.replacing("\r\n", with: "\n").split(separator: "\n") == expected)
        let search = try await daemon.libctl("authors", "list", "--search", "kazuo", "-o", "id", home: home)
        #expect(search.output == "22\n")
        let added = try await daemon.libctl(
            "authors", "add", "--name", "A", "--book", "B", "--country", "C", "-o", "id", home: home)
        #expect(added.output == "61\n")

        // The library as it was is kept beside it.
        let copy = daemon.data + "/library.db.schema-7"
        let kept = try await Program.run(Program.path("libraryd"), ["check", copy, "--data", daemon.data])
        #expect(
            kept.output.hasPrefix("\(copy): ok: authors: 60, users: 1, schema: 7, changes: "), "\(kept.error)")
        let check = try await Program.run(Program.path("libraryd"), ["check", "--data", daemon.data])
        #expect(check.code == 0, "\(check.error)")
    }
}
