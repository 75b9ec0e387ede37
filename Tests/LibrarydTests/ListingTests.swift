import Foundation
import Shared
import TestSupport
import Testing

@testable import libraryd

/// The formats of records, and the manual pages.
@Suite struct ListingTests {
    private struct Pair: JSONWritable {
        let name: String
        let value: String

        func write(to json: inout JSONWriter) {
            json.object {
                $0.member("name", name)
                $0.member("value", value)
            }
        }
    }

    private static let pairs = [Pair(name: "é,\t", value: ""), Pair(name: "long name", value: "\u{202E}x\"")]

    private static let columns: [Listing<Pair>.Column] = [.init("name", \.name), .init("the_value", \.value)]

    private func text(_ pairs: [Pair], _ format: ListFormat) -> String { Listing(pairs, Self.columns).text(format) }

    @Test(
        arguments: [
            (.table, "NAME       THE VALUE\né,\\u{9}\nlong name  \\u{202E}x\"\n"),
            (.tsv, "é,\\t\t\nlong name\t\u{202E}x\"\n"),
            (.csv, "name,the_value\r\n\"é,\t\",\r\nlong name,\"\u{202E}x\"\"\"\r\n"),
            (.ndjson, "{\"name\":\"é,\\t\",\"value\":\"\"}\n{\"name\":\"long name\",\"value\":\"\\u202ex\\\"\"}\n"),
            (
                .json,
                "[\n{\"name\":\"é,\\t\",\"value\":\"\"},\n{\"name\":\"long name\",\"value\":\"\\u202ex\\\"\"}\n]\n"
            ),
        ] as [(ListFormat, String)])
    func eachFormatHasAllRecords(format: ListFormat, expected: String) {
        #expect(text(Self.pairs, format) == expected)
    }

    @Test func nothingAndOneAreTold() {
        #expect(ListFormat.allCases.map { text([], $0) } == ["", "", "name,the_value\r\n", "[]\n", ""])
        let one = Listing(one: Pair(name: "a", value: "b"), Self.columns)
        #expect(one.text(.json) == "{\"name\":\"a\",\"value\":\"b\"}\n")
    }

    @Test(arguments: [("8", "libraryd.8"), ("5", "libraryd-config.5")])
    func theManualIsCurrentAndReadable(section: String, file: String) async throws {
        let path = Program.repository + "/packaging/" + file
        let page = try String(contentsOfFile: path, encoding: .utf8)
        #expect(
            try ManualPages.asked(by: ["--generate-manual", section]).map { $0 + "\n" } == page, "run: make completions"
        )
        let shown = try await Program.run("/usr/bin/groff", ["-man", "-Tutf8", "-ww", "-rLL=100n", path])
        #expect(shown.code == 0)
        #expect(shown.error == "")
        for key in Settings.keys { #expect(page.contains(Settings.variable(key)), "\(key)") }
    }
}
