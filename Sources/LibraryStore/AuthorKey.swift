package import Shared

/// By what the authors of an owner differ. Compared by bytes, as in the database.
package struct AuthorKey: Hashable, Sendable {
    private let name: [UInt8]
    private let book: [UInt8]

    package init(_ author: Author) { self.init(author.draft.values) }

    package init(_ values: AuthorValues) {
        (name, book) = (Array((values[text: .name] ?? "").utf8), Array((values[text: .book] ?? "").utf8))
    }
}

extension Author {
    /// Whether another author, if there is one, has the same key.
    func hasKey(of other: Author?) -> Bool { other.map { AuthorKey(self) == AuthorKey($0) } ?? false }
}
