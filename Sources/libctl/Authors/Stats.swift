import ArgumentParser
import Shared

extension AuthorsCommand {
    struct Stats: ParsableCommand, ContextCommand {
        static let title = "authors stats"
        static let configuration = CommandConfiguration(
            "stats", "Count authors by country and by prize.",
            discussion: "A bar chart on a terminal, numbers in a pipe; the most frequent first.",
            examples: "authors stats", "authors stats --by country --search hil", "authors stats --by country -o csv")

        @Option(help: "What to count by. (default: both)")
        var by: Grouping?

        @OptionGroup var filter: AuthorFilter

        @OptionGroup var past: PastOption

        @OptionGroup var options: GlobalOptions

        enum Grouping: String, ExpressibleByArgument, CaseIterable {
            case country
            case bookerPrize = "booker_prize"

            func value(_ author: Author) -> String {
                switch self {
                case .country: author.country
                case .bookerPrize: author.bookerPrize ? "true" : "false"
                }
            }
        }

        func run(_ context: CommandContext) throws {
            let groupings = by.map { [$0] } ?? Grouping.allCases
            var counts = groupings.map { _ in [String: Int64]() }
            var query = filter.query()
            query.at = try past.at?.point(now: context.io.now())
            try context.streamAuthors(query) { author in
                for (index, grouping) in groupings.enumerated() {
                    counts[index][grouping.value(author), default: 0] += 1
                }
            }
            if counts.allSatisfy(\.isEmpty) { context.sayNothingFound(filter) }
            let groups = zip(groupings, counts).map { grouping, counts in
                counts.map { Count(by: grouping.rawValue, value: $0, authors: $1) }
                    .sorted { ($1.authors, $0.value) < ($0.authors, $1.value) }
            }
            guard context.output.format == .table, context.output.isTerminal, options.fields == nil else {
                return try context.output.show(groups.flatMap { $0 })
            }
            for (index, group) in groups.enumerated() where !group.isEmpty {
                if index > 0 { try context.output.write("\n") }
                let bars = BarChart(
                    title: "By " + group[0].by.replacing("_", with: " "),
                    bars: group.map { (Escaping.terminal($0.value), $0.authors) })
                try context.output.write(bars.text(width: context.output.width ?? 80, color: context.output.color))
            }
        }
    }
}

/// The number of authors with the same value of a field.
struct Count: Displayable {
    static let fields: [DisplayField<Count>] = [
        .init("by", .word) { .string($0.by) }, .init("value") { .string($0.value) },
        .init("authors", .number) { .integer($0.authors) },
    ]
    let by: String
    let value: String
    let authors: Int64
    var identifier: String { value }
}

/// A chart of horizontal bars, with a name and a number each.
struct BarChart {
    let title: String
    let bars: [(name: String, number: Int64)]

    /// Blocks of 0 to 7 eighths of a column, so that small differences are visible (Unicode, Block Elements).
    private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

    func text(width: Int, color: Bool) -> String {
        let names = min(bars.map { DisplayWidth.of($0.name) }.max() ?? 0, max(8, width / 3))
        let numbers = bars.map { String($0.number).count }.max() ?? 0
        let largest = max(bars.map(\.number).max() ?? 0, 1)
        let room = max(8, width - names - numbers - 4)
        let (bold, blue, plain) = color ? ("\u{1B}[1m", "\u{1B}[34m", "\u{1B}[0m") : ("", "", "")
        let lines = bars.map { bar in
            let name = DisplayWidth.shortened(bar.name, to: names)
            let length = Int((Double(bar.number) / Double(largest) * Double(room * 8)).rounded())
            let blocks = String(repeating: "█", count: length / 8) + Self.eighths[length % 8]
            let number = String(bar.number)
            return name + String(repeating: " ", count: names - DisplayWidth.of(name) + 2)
                + String(repeating: " ", count: numbers - number.count) + number + "  \(blue)\(blocks)\(plain)\n"
        }
        return "\(bold)\(title)\(plain)\n" + lines.joined()
    }
}
