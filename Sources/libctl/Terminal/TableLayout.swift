/// The widths of the columns of a table.
struct TableLayout {
    /// One column as its measured rows need it, in columns of the terminal.
    struct Column {
        let kind: FieldKind
        /// The width of the name above the column.
        let header: Int
        /// The width of the widest cell.
        let cells: Int

        /// The width at which nothing is cut.
        var natural: Int { max(header, cells) }
        /// The width below which the column is not narrowed: only texts and names of columns are cut.
        var least: Int { min(natural, kind == .text ? TableLayout.narrowestText : max(cells, narrowestHeader)) }

        private var narrowestHeader: Int { 4 }
    }

    /// Spaces between two columns.
    static let gap = 2
    private static let narrowestText = 6
    /// How much wider a number may become in rows that were not measured: ids grow as the list goes on.
    private static let growthOfNumbers = 2

    /// The widths of the columns.
    /// - Parameters:
    ///   - width: of the terminal.
    ///   - goesOn: whether more rows come than were measured. They may be wider, so the columns then share what
    ///     would be free.
    /// - Returns: `nil` if the terminal is too narrow for the table.
    static func widths(of columns: [Column], into width: Int, goesOn: Bool = false) -> [Int]? {
        let room = width - gap * (columns.count - 1)
        guard columns.reduce(0, { $0 + $1.least }) <= room else { return nil }
        var widths = columns.map(\.natural)
        while widths.reduce(0, +) > room,
            let widest = widths.indices.filter({ widths[$0] > columns[$0].least }).max(by: { widths[$0] < widths[$1] })
        {
            widths[widest] -= 1
        }
        if goesOn { share(room - widths.reduce(0, +), among: columns, &widths) }
        return widths
    }

    private static func share(_ free: Int, among columns: [Column], _ widths: inout [Int]) {
        var free = free
        for index in columns.indices where columns[index].kind == .number {
            let more = min(free, growthOfNumbers)
            widths[index] += more
            free -= more
        }
        // Each text gets a share by its length so far.
        let texts = columns.indices.filter { columns[$0].kind == .text && columns[$0].cells > 0 }
        let total = texts.reduce(0) { $0 + columns[$1].cells }
        for index in texts { widths[index] += free * columns[index].cells / total }
    }
}
