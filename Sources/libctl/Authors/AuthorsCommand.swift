import ArgumentParser
import Shared

/// The `authors` commands. Each is declared in an extension of this type, in a file of its own.
struct AuthorsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "authors", abstract: "List, show, add, edit, delete, import and export authors.",
        subcommands: [
            List.self, Show.self, Add.self, Edit.self, Remove.self, Import.self, Export.self, Watch.self, Stats.self,
            History.self, Log.self,
        ])
}

/// The fields of an author as options, for values to store and for filters.
struct AuthorOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "Name of the author.") var name: String?
    @Option(parsing: .unconditional, help: "Title of the book.") var book: String?
    @Option(
        parsing: .unconditional, help: "Country of the author.", completion: .custom(Candidates.countries))
    var country: String?
    @Flag(inversion: .prefixedNo, help: "Whether the book won the Booker Prize.") var bookerPrize: Bool?

    var values: AuthorValues {
        var values = AuthorValues()
        values[text: .name] = name
        values[text: .book] = book
        values[text: .country] = country
        values[flag: .bookerPrize] = bookerPrize
        return values
    }
}

/// The filters of `list`, `rm`, `export` and `stats`.
struct AuthorFilter: ParsableArguments {
    @Option(
        parsing: .unconditional,
        help:
            "Beginnings of words in name or book; case and accents do not matter. The other filters compare exactly.")
    var search: String?

    @OptionGroup var author: AuthorOptions

    var isEmpty: Bool { query() == AuthorQuery() }

    func query() -> AuthorQuery {
        var query = AuthorQuery()
        query.search = search
        query.values = author.values
        return query
    }
}

extension CommandContext {
    /// Calls `body` with each author that the query finds, at most `limit`, and requests them page by page.
    func forEachAuthor(_ query: AuthorQuery, limit: Int = .max, _ body: (Author) throws -> Void) throws {
        var query = query
        try forEachPage(limit: limit) { left, after in
            (query.limit, query.after) = (min(left, AuthorQuery.maximumLimit), after)
            return Endpoints.authors.call(query)
        } body: { page in
            for author in page.authors { try body(author) }
            return (page.authors.count, page.next)
        }
    }

    /// Requests a list page by page.
    /// - Parameters:
    ///   - limit: how many items are wanted at most.
    ///   - call: the request for a page, with the number of items that are still wanted, and with the `next` of the
    ///     page before.
    ///   - body: takes a page, and returns how many items it has and its `next`.
    func forEachPage<Page: JSONReadable>(
        limit: Int, _ call: (_ left: Int, _ after: String?) -> EndpointCall<Page>,
        body: (Page) throws -> (count: Int, next: String?)
    ) throws {
        var (left, after) = (limit, String?.none)
        repeat {
            let call = call(left, after)
            let (count, next) = try body(try authorized { try client.send(call, authorization: $0) })
            left -= count
            guard next != after || next == nil else {
                throw CommandError(.protocolError, "the list does not go on where it ended", hint: "try again")
            }
            after = next
        } while after != nil && left > 0
    }

    /// Tells a person that the filter has found no author, and what to do next.
    func sayNothingFound(_ filter: AuthorFilter) {
        sayEmpty(
            filter.isEmpty
                ? "no authors yet; to add some: libctl authors add --help"
                : "nothing matched; to see all authors: libctl authors list")
    }

    /// Calls `body` for each item, and continues after a failure unless the failure ends the batch.
    /// - Throws: the failure that ends the batch; else as ``BatchFailures/end(of:noun:)``.
    func forEach<Item>(_ items: [Item], noun: String, _ body: (Item) throws -> Void) throws {
        var failures = BatchFailures()
        for item in items {
            do {
                try body(item)
            } catch {
                let failure = CommandError(error)
                if failure.endsBatch { throw failure }
                failures.add(failure)
                if items.count > 1 { diagnostics.warn("\(noun) \(item): \(failure.reason)") }
            }
        }
        try failures.end(of: items.count, noun: noun + "s")
    }
}

/// Counts the failures of a batch, in memory that does not grow with the batch.
struct BatchFailures {
    private(set) var count = 0
    private var first: CommandError?
    private var areAlike = true

    mutating func add(_ failure: CommandError) {
        count += 1
        areAlike = areAlike && failure.exit == first?.exit ?? failure.exit
        first = first ?? failure
    }

    /// Ends the batch.
    /// - Throws: ``CommandError``: the failure itself if the batch has one item, the common status if all items
    ///   failed with the same status, else `partial`.
    func end(of total: Int, noun: String, hint: String? = nil) throws {
        guard let first else { return }
        if total == 1 { throw first.saying(hint: first.hint ?? hint) }
        let status = count == total && areAlike ? first.exit : .partial
        throw CommandError(status, "\(count) of \(total) \(noun) failed", hint: hint)
    }
}

extension CommandError {
    /// Passes unless the value of an option is 0 or less.
    static func requireFromOne(_ number: Int?, _ option: String) throws {
        guard let number, number < 1 else { return }
        throw CommandError(.usage, "\(option) takes a whole number from 1", hint: "for example: \(option) 10")
    }

    /// Whether the next item of a batch would fail too, so that the batch must end.
    var endsBatch: Bool {
        switch exit {
        case .notFound, .conflict, .invalid, .dataError: false
        default: true
        }
    }

    /// Parses ids from arguments or from standard input.
    /// - Throws: ``CommandError`` `usage`.
    static func ids(_ texts: [String]) throws -> [Int64] {
        try texts.map { text in
            guard let id = Int64(decimal: text) else {
                let shown = Secrets.quoted(text)
                let isWord = shown == "'\(text)'" && text.contains { $0.isLetter } && text.allSatisfy(\.isLetter)
                throw CommandError(
                    .usage, "\(shown) is not an id",
                    hint: isWord ? "libctl authors list --search \(text)" : "libctl authors list shows the ids")
            }
            return id
        }
    }
}
