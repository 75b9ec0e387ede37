import Hummingbird
import LibraryStore
import Shared

/// The query of a request target.
enum TargetQuery {
    /// The query as the endpoint's input.
    /// - Throws: ``Failure`` `invalid_query`.
    static func read<Value>(_ target: String, _ read: ([QueryItem]) throws -> Value) throws -> Value {
        guard let items = QueryItem.parse(text(target) ?? "") else {
            throw Failure(
                .invalidQuery,
                "the query has a percent sign without two hexadecimal digits, is not UTF-8, or has many combining marks"
            )
        }
        return try check { try read(items) }
    }

    /// Runs `body`, whose faults are those of the query: of its values, or of a cursor that belongs to another list.
    /// - Throws: ``Failure`` `invalid_query`, and any other error of `body`.
    static func check<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let invalid as InvalidFields {
            throw Failure(query: invalid)
        }
    }

    /// The same for a body that waits.
    static func check<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let invalid as InvalidFields {
            throw Failure(query: invalid)
        }
    }

    /// The text after the first question mark. A `#` is part of it, because a request target has no fragment (RFC
    /// 9112, section 3.2).
    static func text(_ target: String) -> Substring? {
        target.utf8.firstIndex(of: UInt8(ascii: "?")).map { target[target.utf8.index(after: $0)...] }
    }
}

extension Request {
    /// Passes if the query has only these parameters, each at most once.
    /// - Throws: ``Failure`` `invalid_query`.
    func checkQuery(among parameters: [String]) throws {
        guard TargetQuery.text(uri.string)?.isEmpty == false else { return }
        try query { try QueryItem.check($0, among: parameters) }
    }

    /// The query as the endpoint's input.
    /// - Throws: ``Failure`` `invalid_query`.
    func query<Value>(_ read: ([QueryItem]) throws -> Value) throws -> Value {
        try TargetQuery.read(uri.string, read)
    }
}
