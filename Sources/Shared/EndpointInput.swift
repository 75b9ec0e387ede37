/// A value that stands in a path.
public protocol PathParameter: Sendable {
    /// - Parameter text: the percent-decoded text of the path segment.
    init?(pathText text: String)
    /// The text before it is percent-encoded.
    var pathText: String { get }
    static var shape: Shape { get }
    static var example: JSONValue { get }
}

/// The id of an author.
extension Int64: PathParameter {
    public init?(pathText text: String) { self.init(decimal: text) }
    public var pathText: String { String(self) }
    public static var shape: Shape { .integer(minimum: 1) }
    public static var example: JSONValue { .integer(Author.example.id) }
}

/// The id of a user, a session or an API key, all of them UUIDs.
extension String: PathParameter {
    public init?(pathText text: String) { self = text }
    public var pathText: String { self }
    public static var shape: Shape { .text(.uuid) }
    public static var example: JSONValue { .string(User.example.publicID) }
}

/// The query of a request.
public protocol RequestQuery: Documented {
    /// All parameters.
    static var shapes: [ParameterShape] { get }
    /// The names of ``shapes``, stored because requests are checked with them.
    static var parameters: [String] { get }
    /// Reads the parameters of a request whose names ``QueryItem/check(_:among:)`` has checked.
    /// - Throws: ``InvalidFields`` with every fault.
    init(items: [QueryItem]) throws(InvalidFields)
    /// The parameters, without those that have their default value.
    var items: [QueryItem] { get }
}
