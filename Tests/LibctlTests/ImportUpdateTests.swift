import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// `authors import --on-conflict update` changes only the fields that the file gives.
@Suite(.serialized) struct ImportUpdateTests {
    private static let fields = "authors list -o tsv --fields name,country,booker_prize,version"

    private func filled() async throws -> Ctl {
        let ctl = try await Ctl.loggedIn()
        _ = try await ctl.line("authors add --name Ann --book One --country UK --booker-prize")
        return ctl
    }

    @Test(arguments: [
        ("name,book,country\nAnn,One,UK\n", "", "unchanged 1", "UK\ttrue\t1"),
        ("name,book\nAnn,One\n", "", "unchanged 1", "UK\ttrue\t1"),
        ("name,book\nAnn,One\n", " --default country=Unknown", "unchanged 1", "UK\ttrue\t1"),
        ("name,book,country,booker_prize\nAnn,One,,\n", " --default country=Unknown", "unchanged 1", "UK\ttrue\t1"),
        ("name;country\nAnn;X\n", " --default book=One", "updated 1", "X\ttrue\t2"),
        (#"{"name":"Ann","book":"One","booker_prize":null}"#, "", "unchanged 1", "UK\ttrue\t1"),
        (#"{"name":"Ann","book":"One","booker_prize":false}"#, " --atomic", "updated 1", "UK\tfalse\t2"),
    ])
    func whatIsNotThereStays(input: String, options: String, said: String, after: String) async throws {
        let ctl = try await filled()
        let result = try await ctl.line("authors import - --on-conflict update" + options, input: input)
        #expect(result.code == 0, "\(result.error)")
        #expect(result.error.hasSuffix("\(said), 0 failed\n"), "\(result.error)")
        #expect(try await ctl.line(Self.fields).output == "Ann\t\(after)\n")
    }

    /// A default is for new authors only. Without a default, a new author without a country is a fault of that line.
    @Test func whoIsNewHasACountry() async throws {
        let ctl = try await filled()
        let text = "name,book\nAnn,One\nBob,Two\n"
        let failed = try await ctl.line("authors import - --on-conflict update", input: text)
        #expect(failed.code == 8)
        #expect(failed.error.contains("line 3: country is required\n"), "\(failed.error)")
        #expect(failed.error.contains("unchanged 1, 1 failed\n"), "\(failed.error)")
        let stored = try await ctl.line("authors import - --on-conflict update --default country=Eire", input: text)
        #expect(stored.error == "created 1, unchanged 1, 0 failed\n")
        #expect(try await ctl.line(Self.fields).output == "Ann\tUK\ttrue\t1\nBob\tEire\tfalse\t1\n")
        #expect(ctl.record.lines("POST /authors?on_conflict=update&default_country=Eire").count == 1)
        let without = try await ctl.line("authors import -", input: text)
        #expect(without.code == 65)
    }

    /// A reject has only the fields of its line, without the defaults.
    @Test func rejectsSayWhatTheLineSaid() async throws {
        let ctl = try await filled()
        let path = ctl.home.path + "/rejects"
        let result = try await ctl.line(
            "authors import - --default country=X --rejects \(path)", input: "name,book\nAnn,One\n")
        #expect(result.code == 6)
        let rejects = try String(contentsOfFile: path, encoding: .utf8)
        #expect(rejects.hasSuffix(#""name":"Ann","book":"One"}"# + "\n"), "\(rejects)")
    }

    @Test func anEditToTheSameIsNone() async throws {
        let ctl = try await filled()
        let result = try await ctl.line("authors edit 1 --country UK --booker-prize -o tsv --fields country,version")
        #expect(result.code == 0, "\(result.error)")
        #expect(result.output == "UK\t1\n")
    }
}
