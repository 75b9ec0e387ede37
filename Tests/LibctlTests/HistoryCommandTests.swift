import Shared
import TestSupport
import Testing

@testable import libctl

/// The commands that show the past and take changes back.
@Suite(.serialized) struct HistoryCommandTests {
    /// Ada has created three authors by an import, changed the first and deleted the second.
    private func filled() async throws -> (ctl: Ctl, importID: String) {
        var ctl = try await Ctl.loggedIn()
        ctl.environment["TZ"] = "UTC"
        let imported = try await ctl.line(
            "authors import -",
            input: (1...3).map { #"{"name":"N\#($0)","book":"B","country":"C"}"# }.joined(separator: "\n"))
        _ = try await ctl("authors", "edit", "1", "--country", "D\u{1B}[2J", "--booker-prize")
        _ = try await ctl.line("authors edit 1 --country D --booker-prize")
        _ = try await ctl.line("authors rm 2 --yes")
        return (ctl, try #require(imported.importID))
    }

    @Test func changesAreShownForPeopleAndForPrograms() async throws {
        let (ctl, importID) = try await filled()
        let log = try await ctl.line("authors log -o table")
        let lines = log.output.replacing(/[0-9a-f]{16}-[0-9]+ {2}/, with: "").split(separator: "\n")
        #expect(
            lines == [
                "2026-11-23 17:44  deleted  2  N2, B (C)  libctl@box",
                "2026-11-23 17:44  updated  1  N1, B (D)  libctl@box",
                "    country: C → D", "    booker_prize: false → true",
                "2026-11-23 17:44  created  3  N3, B (C)  libctl@box",
                "2026-11-23 17:44  created  2  N2, B (C)  libctl@box",
                "2026-11-23 17:44  created  1  N1, B (C)  libctl@box",
            ], "\(log.output)")
        let colored = try await ctl.line("authors history 1 -o table --color always --limit 1")
        #expect(colored.output.contains("country: \u{1B}[31mC\u{1B}[0m → \u{1B}[32mD\u{1B}[0m\n"), "\(colored.output)")
        let fields = try await ctl.line("authors history 1 --fields event,version,old,import")
        #expect(
            fields.output == """
                updated\t2\t{"country":"C","booker_prize":false}\t
                created\t1\t\t\(importID)

                """)
        let json = try await ctl.line("authors log -o ndjson --limit 2")
        let changes = try json.output.split(separator: "\n").map {
            try AuthorEvent(json: Array($0.utf8), unknownMembers: .rejected)
        }
        #expect(changes.map(\.event) == ["deleted", "updated"])
        let since = try await ctl.line("authors log --since \(changes[1].id) --fields event")
        #expect(since.output == "deleted\n")
        #expect(try await ctl.line("authors log --since 1h --fields event").output.split(separator: "\n").count == 5)
        #expect(try await ctl.line("authors log --since 2026-11-23T17:45 --fields event").code == 64)
    }

    @Test func theListOfThatTime() async throws {
        let (ctl, _) = try await filled()
        let ids = try await ctl.line("authors log --fields event_id").output.split(separator: "\n").map(String.init)
        #expect(try await ctl.line("authors list --at \(ids[2]) -o id").output == "1\n2\n3\n")
        #expect(try await ctl.line("authors list --at \(ids[2]) --country D -o id").output == "")
        #expect(try await ctl.line("authors list --at \(ids[1]) --country D -o id").output == "1\n")
        #expect(try await ctl.line("authors list --at 1h").output == "")
        #expect(try await ctl.line("authors stats --at \(ids[2]) --by country").output == "country\tC\t3\n")
        let export = try await ctl.line("authors export - --at \(ids[4]) -o csv")
        #expect(export.output.split(separator: "\r\n").count == 2)
        #expect(export.error == "exported 1 author\n")
    }

    @Test func undoSaysWhatItDoes() async throws {
        let (ctl, importID) = try await filled()
        let trial = try await ctl.line("undo --last 2 --dry-run")
        #expect(
            trial.output == "  create again  2  N2, B (C)\n  put back  1  N1, B (C): country, booker_prize\n"
                || trial.output == "  put back  1  N1, B (C): country, booker_prize\n  create again  2  N2, B (C)\n",
            "\(trial.output)")
        #expect(
            trial.error
                == "would undo 2 changes: 1 author created again, 1 author put back; nothing was changed\n")
        #expect(try await ctl.line("authors list -o id").output == "1\n3\n")
        let refused = try await ctl.line("undo --import \(importID) --yes")
        #expect(refused.code == 6)
        #expect(
            refused.error == """
                libctl: author 1 has changed since
                libctl: author 2 has changed since
                libctl: undo: 2 authors cannot be put back as they were; nothing was undone
                  hint: --force leaves authors as they are that have changed since

                """, "\(refused.error)")
        let forced = try await ctl.line("undo --import \(importID) --yes --force --json")
        #expect(forced.code == 0)
        let report = try UndoReport(json: Array(forced.output.utf8), unknownMembers: .rejected)
        #expect(report.deleted == 1 && report.skipped == 2 && report.obstacles.count == 2)
        #expect(try await ctl.line("authors list -o id").output == "1\n")
        let undone = try await ctl.line("undo --last 3 --yes")
        #expect(
            undone.error == """
                undid 3 changes: 2 authors created again, 1 author put back
                to take that back: libctl undo --last 3

                """)
        #expect(
            try await ctl.line("authors list --fields id,country,booker_prize").output
                == "1\tC\tfalse\n2\tC\tfalse\n3\tC\tfalse\n")
        // The last change is that of the import's third author, for whom it is the last of three.
        #expect(try await ctl.line("undo --yes -q").error == "")
        // The command that takes it back must act on the same login.
        let named = try await ctl.line("undo --last 1 --yes --server http://127.0.0.1:8080 --user ada")
        let next = "libctl undo --last 1 --server http://127.0.0.1:8080 --user ada"
        #expect(named.error.hasSuffix("to take that back: \(next)\n"), "\(named.error)")
        #expect(try await ctl.line("undo").code == 64)
    }
}
