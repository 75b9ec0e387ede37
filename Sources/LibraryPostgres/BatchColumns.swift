/// The columns of rows that go to the server together, as an array for each column, which `unnest` makes rows of again.
struct BatchColumns {
    enum Kind {
        case integer, flag, text, bytes
        /// A literal of `tsvector`.
        case words
    }

    struct Column {
        let name: String
        let kind: Kind

        init(_ name: String, _ kind: Kind = .integer) { (self.name, self.kind) = (name, kind) }
    }

    let columns: [Column]

    init(_ columns: [Column]) { self.columns = columns }

    /// `"id", …`
    var names: String { columns.map { "\"\($0.name)\"" }.joined(separator: ", ") }

    /// `new."id", …`, the values in the types of the columns.
    var values: String { columns.map(\.value).joined(separator: ", ") }

    /// `unnest($FIRST::bigint[], …) AS new ("id", …)`
    /// - Parameter first: the number of the first array among the parameters.
    func rows(from first: Int) -> String {
        let arrays = zip(first..., columns).map { "$\($0)::\($1.type)[]" }.joined(separator: ", ")
        return "unnest(\(arrays)) AS new (\(names))"
    }

    /// The parameters.
    /// - Parameter rows: each with a value for each column.
    func arrays(_ rows: some Collection<[Value]>) -> [Value] {
        columns.indices.map { index in
            switch columns[index].kind {
            case .integer: .integers(rows.map { if case .integer(let integer) = $0[index] { integer } else { nil } })
            case .flag: .flags(rows.map { if case .flag(let flag) = $0[index] { flag } else { nil } })
            case .text, .words: .texts(rows.map { if case .text(let text) = $0[index] { text } else { nil } })
            case .bytes:
                .byteStrings(rows.map { if case .bytes(let bytes) = $0[index] { bytes } else { nil } })
            }
        }
    }
}

extension BatchColumns.Column {
    fileprivate var type: String {
        switch kind {
        case .integer: "bigint"
        case .flag: "boolean"
        case .text, .words: "text"
        case .bytes: "bytea"
        }
    }

    fileprivate var value: String {
        switch kind {
        case .integer, .flag, .text, .bytes: "new.\"\(name)\""
        case .words: "new.\"\(name)\"::tsvector"
        }
    }
}

extension Collection {
    /// Calls `body` with the elements in their order, at most so many at once.
    func forEachPart(of count: Int, _ body: (SubSequence) throws -> Void) rethrows {
        var rest = self[...]
        while !rest.isEmpty {
            try body(rest.prefix(count))
            rest = rest.dropFirst(count)
        }
    }
}
