import Shared
import TestSupport
import Testing

@testable import libctl

@Suite(.serialized) struct StatsTests {
    @Test(
        arguments: [
            (
                "",
                "country\tUK\t3\ncountry\tFrance\t1\ncountry\tIreland\t1\nbooker_prize\tfalse\t3\nbooker_prize\ttrue\t2\n"
            ),
            ("--by booker_prize", "booker_prize\tfalse\t3\nbooker_prize\ttrue\t2\n"),
            ("--by country --booker-prize", "country\tUK\t2\n"), ("--country Atlantis", ""),
            ("--by country -o csv", "by,value,authors\r\ncountry,UK,3\r\ncountry,France,1\r\ncountry,Ireland,1\r\n"),
            ("--by country --country UK -o ndjson", "{\"by\":\"country\",\"value\":\"UK\",\"authors\":3}\n"),
            ("--by country -o id", "UK\nFrance\nIreland\n"),
        ])
    func countsByCountryAndPrize(options: String, output: String) async throws {
        let ctl = Ctl(try await TestLibrary())
        try await ctl.login("ada")
        let file = "name,book,country,booker_prize\nA,1,UK,true\nA,2,UK,true\nA,3,UK,\nB,1,France,\nC,1,Ireland,\n"
        #expect(try await ctl.line("authors import -", input: file).code == 0)
        let result = try await ctl.line("authors stats \(options)")
        #expect(result.code == 0, "\(result.error)")
        #expect(result.output == output)
    }

    @Test func barsFillTheWidth() {
        let chart = BarChart(title: "By country", bars: [("UK", 16), ("日本", 8), ("Ireland", 1)])
        #expect(
            chart.text(width: 31, color: false) == """
                By country
                UK       16  ██████████████████
                日本      8  █████████
                Ireland   1  █▏

                """)
        let colored = BarChart(title: "T", bars: [("A very long name", 1)]).text(width: 24, color: true)
        #expect(colored == "\u{1B}[1mT\u{1B}[0m\nA very …  1  \u{1B}[34m███████████\u{1B}[0m\n")
    }
}

@Suite struct EventStreamTests {
    private func events(_ pieces: [String], after id: String = "") throws -> ([EventReader.Event], last: String) {
        var stream = EventReader(lastID: id)
        var events: [EventReader.Event] = []
        for piece in pieces { try stream.append(Array(piece.utf8)) { events.append($0) } }
        return (events, stream.lastID)
    }

    @Test func eventsAreReadHoweverTheyAreCut() throws {
        let text =
            "retry: 1000\nid: e-1\n\n: silence\n\nid: e-2\nevent: created\ndata: {}\n\ndata: a\r\ndata:b\r\n\r\nid: e-3\ndata: lost"
        let whole = try events([text])
        #expect(
            whole.0 == [
                .init(type: "created", data: Array("{}".utf8), id: "e-2"),
                .init(type: "message", data: Array("a\nb".utf8), id: "e-2"),
            ])
        // An event without its final empty line is not dispatched, nor is its id remembered.
        #expect(whole.last == "e-2")
        let bytes = try events(text.map(String.init))
        #expect(bytes.0 == whole.0)
        #expect(try events(["id: e-9\n\n"], after: "e-1").last == "e-9")
        #expect(try events([": only\n\n"], after: "e-1").last == "e-1")
        #expect(try events(["id: a\rX: y\n\nid: \u{1B}\n\n"], after: "e-1").last == "e-1")
    }

    @Test func aLineWithoutEndIsRefused() throws {
        let failure = #expect(throws: CommandError.self) {
            try events(Array(repeating: String(repeating: "x", count: 100_000), count: 11))
        }
        #expect(failure?.exit == .protocolError)
    }
}
