import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// Commands for several authors: `--dry-run`, `--ignore-missing`, `edit` by filter.
@Suite(.serialized) struct BatchTests {
    private func filled() async throws -> Ctl {
        let ctl = try await Ctl.loggedIn()
        let lines = "name,book,country\nA,1,UK\nB,2,UK\nC,3,France\n"
        let added = try await ctl("authors", "add", "-f", "-", input: lines)
        #expect(added.code == 0, "\(added.error)")
        return ctl
    }

    private func list(_ ctl: Ctl) async throws -> String { try await ctl.line("authors list --json").output }

    @Test(
        arguments: [
            ("edit 1 2 --country Ireland", "1\tA\t1\tIreland\tfalse\n2\tB\t2\tIreland\tfalse\n"),
            ("edit --where country=UK --booker-prize --yes", "1\tA\t1\tUK\ttrue\n2\tB\t2\tUK\ttrue\n"),
            ("edit --where country=UK --where name=B --country X -y", "2\tB\t2\tX\tfalse\n"),
            ("edit --where booker_prize=true --country X --yes", ""),
            ("edit --search c --country X --yes", "3\tC\t3\tX\tfalse\n"),
            ("edit --all --country X --yes -o id", "1\n2\n3\n"), ("edit - --country X --yes -o id", "3\n1\n"),
            ("edit --where country=UK --country X --yes --fields id,version", "1\t2\n2\t2\n"),
        ] as [(String, String)])
    func authorsAreEditedTogether(command: String, output: String) async throws {
        let result = try await filled().line("authors " + command, input: "3\n1\n")
        #expect(result.code == 0, "\(result.error)")
        #expect(result.output == output)
        #expect(result.error == "")
    }

    /// What fails is reported, and the rest is done.
    @Test func eachEditIsOfItsOwn() async throws {
        let ctl = try await filled()
        let result = try await ctl.line("authors edit 1 99 2 --name Z --book Z -o id")
        #expect(result.code == 8)
        #expect(result.output == "1\n")
        let lines = result.error.split(separator: "\n")
        #expect(lines.count == 3)
        #expect(lines[0].hasPrefix("libctl: author 99: "))
        #expect(lines[1].hasPrefix("libctl: author 2: "))
        #expect(lines[2] == "libctl: authors edit: 2 of 3 authors failed")
        #expect(try await ctl.line("authors edit 1 99 --country X --ignore-missing -o id").output == "1\n")
    }

    @Test(
        arguments: [
            ("edit --country X", "no author is named"),
            ("edit 1 --all --country X", "ids, filters and --all contradict each other"),
            ("edit --where nme=A --country X --yes", "--where takes FIELD=VALUE"),
            ("edit --where name --country X --yes", "--where takes FIELD=VALUE"),
            ("edit --where booker_prize=maybe --country X --yes", "booker_prize is true or false"),
            ("edit --where name=A --where name=B --country X --yes", "--where has name twice"),
            ("edit 1 2 --if-version 1 --country X", "--if-version is for one author"),
            ("edit --where name=A --yes", "nothing to change"),
            ("edit --where country=UK --country X", "2 authors match"),
            ("edit - --country X", "every author whose id comes from standard input"),
            ("rm --country France", "1 author matches"), ("rm --all", "3 authors match"),
        ] as [(String, String)])
    func aUsageErrorChangesNothing(command: String, message: String) async throws {
        let ctl = try await filled()
        let before = try await list(ctl)
        let result = try await ctl.line("authors " + command, input: "1\n")
        #expect(result.code == 64)
        #expect(result.error.contains(message), "\(result.error)")
        #expect(try await list(ctl) == before)
    }

    @Test func aRefusalNamesTheListThatShowsTheAuthors() async throws {
        let ctl = try await filled()
        let none = try await ctl.line("authors rm --country Atlantis")
        #expect(none.error == "libctl: authors rm: no author matches\n  hint: libctl authors list shows all authors\n")
        _ = try await ctl("authors", "add", "--name", "x y", "--book", "B", "--country", "Côte d'Ivoire")
        let result = try await ctl(
            "authors", "rm", "--country", "Côte d'Ivoire", "--search", "x y", "--no-booker-prize")
        #expect(
            result.error == #"""
                libctl: authors rm: 1 author matches
                  hint: libctl authors list --search 'x y' --country 'Côte d'\''Ivoire' --no-booker-prize shows it; \#
                add --yes to delete it

                """#)
        // Without a daemon the count is left out.
        var offline = ctl
        offline.answer = { _ in throw CommandError(.unavailable, "nobody") }
        let blind = try await offline.line("authors rm --country UK")
        #expect(blind.code == 64)
        #expect(blind.error.hasPrefix("libctl: authors rm: this would delete every author that matches\n"))
    }

    @Test(
        arguments: [
            ("rm 1 3 --dry-run", "1\tA\t1\tUK\tfalse\n3\tC\t3\tFrance\tfalse\n", "would delete 2 authors"),
            ("rm --country UK --dry-run -o id", "1\n2\n", "would delete 2 authors"),
            ("rm --all --dry-run -o id", "1\n2\n3\n", "would delete 3 authors"),
            ("rm - --dry-run -o id", "1\n", "would delete 1 author"),
            ("rm 1 99 --dry-run --ignore-missing -o id", "1\n", "would delete 1 author"),
            ("edit 1 --country X --dry-run", "1\tA\t1\tX\tfalse\n", "would change 1 author"),
            (
                "edit --where country=UK --country X --dry-run --fields id,country,version", "1\tX\t1\n2\tX\t1\n",
                "would change 2 authors"
            ),
            ("edit 1 --country X --if-version 1 --dry-run -o id", "1\n", "would change 1 author"),
        ] as [(String, String, String)])
    func aDryRunChangesNothing(command: String, output: String, report: String) async throws {
        let ctl = try await filled()
        let before = try await list(ctl)
        ctl.record.clear()
        let result = try await ctl.line("authors " + command, input: "1\n")
        #expect(result.code == 0, "\(result.error)")
        #expect(result.output == output)
        #expect(result.error == report + "; nothing was changed\n")
        #expect(ctl.record.lines().allSatisfy { $0.hasPrefix("GET ") })
        #expect(try await list(ctl) == before)
    }

    @Test func aDryRunFailsWhereTheCommandWould() async throws {
        let ctl = try await filled()
        #expect(try await ctl.line("authors rm 99 --dry-run").code == 3)
        #expect(try await ctl.line("authors rm 1 99 --dry-run").code == 8)
        #expect(try await ctl.line("authors edit 1 --country X --if-version 2 --dry-run").code == 6)
        #expect(try await ctl.line("authors edit 1 --country X --dry-run --json").output.hasPrefix("{\"id\":1,"))
    }

    @Test(
        arguments: [
            ("show 99 --ignore-missing", ""), ("show 99 --ignore-missing --json", ""),
            ("show 1 99 --ignore-missing -o id", "1\n"),
            ("show 98 99 --ignore-missing --json", "[]\n"), ("rm 99 --yes --ignore-missing", ""),
            ("rm 98 2 99 --yes --ignore-missing -o id", "2\n"), ("edit 99 --country X --ignore-missing", ""),
        ] as [(String, String)])
    func whatIsMissingCanBeSkipped(command: String, output: String) async throws {
        let result = try await filled().line("authors " + command)
        #expect(result.code == 0, "\(result.error)")
        #expect(result.output == output)
        #expect(result.error == "")
    }

    /// The message names the versions, not the header field.
    @Test(arguments: ["edit 1 --country X", "rm 1 --yes", "edit 1 --country X --dry-run"])
    func anotherVersionIsNamed(command: String) async throws {
        let ctl = try await filled()
        _ = try await ctl.line("authors edit 1 --country Wales")
        let result = try await ctl.line("authors \(command) --if-version 9")
        #expect(result.code == 6)
        let name = command.prefix { $0 != " " }
        #expect(
            result.error == """
                libctl: authors \(name): author 1 is at version 2, not 9
                  hint: libctl authors show 1

                """)
        #expect(try await ctl.line("authors \(command) --if-version 2").code == 0)
    }

    @Test func aPositionThatIsNoneIsNamedAsItWasTyped() async throws {
        let result = try await filled().line("authors watch --since abc")
        #expect(result.code == 64)
        #expect(
            result.error == """
                libctl: authors watch: 'abc' is neither an event_id nor a time
                  hint: use an event_id, a time before now such as 2h, or one such as 2026-11-26 or '2026-11-26 18:04'

                """)
    }
}
