/// The schema of a JSON value or a parameter in `/openapi.json`.
public indirect enum Shape: Sendable, Equatable {
    case text(TextShape)
    /// Bounds are inclusive.
    case integer(minimum: Int64? = nil, maximum: Int64? = nil)
    case bool
    /// A ``Timestamp``.
    case time
    case object(ObjectShape)
    case array(ObjectShape)
    case nullable(Shape)
}

/// The form of a text, for the document only: ``Registration`` and ``StoredText`` check it.
public enum TextShape: Sendable, Equatable {
    case any
    /// A UUID in lower case.
    case uuid
    /// 32 bytes in Base64url, without padding.
    case bytes32
    /// The secret of an ``APIKey``.
    case apiKey
    /// A name as ``Registration/fault(inName:)`` allows it.
    case userName
    /// A password as ``Registration/fault(inPassword:name:field:)`` allows it.
    case password
    /// A text as ``StoredText`` allows it.
    case stored
    /// Up to this many Unicode scalars.
    case atMost(Int)
    /// 1 to 255 visible ASCII characters, the first one no quote: a quoted text is a Structured Field string
    /// (RFC 8941).
    case visible
    /// The id of an ``AuthorEvent``.
    case eventID
    /// The id of an import as ``ImportID`` allows it.
    case importID
    /// A point in the history of a library as ``HistoryPoint`` reads it.
    case historyPoint
    /// An order of authors as ``AuthorSort`` reads it.
    case order
    /// One of these texts.
    case oneOf([String])

    /// A regular expression of ECMA 262 that every such text matches.
    public var pattern: String? {
        switch self {
        case .uuid: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$"
        case .bytes32: "^[A-Za-z0-9_-]{43}$"
        case .apiKey: "^\(APIKey.prefix)[A-Za-z0-9_-]{43}$"
        case .userName: "^[A-Za-z0-9][A-Za-z0-9._@+-]{0,\(Registration.maximumNameLength - 1)}$"
        case .password: #"^[^\u0000-\u001f\u007f]*$"#
        case .stored: StoredText.pattern
        case .order: AuthorSort.pattern
        case .historyPoint: HistoryPoint.pattern
        case .importID: ImportID.pattern
        case .visible: "^[!#-~][!-~]{0,254}$"
        case .eventID: "^[0-9a-f]{16}-(0|[1-9][0-9]{0,17})$"
        default: nil
        }
    }

    /// Inclusive, in Unicode scalars.
    public var lengths: (minimum: Int?, maximum: Int?) {
        switch self {
        case .userName: (1, Registration.maximumNameLength)
        case .password: (Registration.minimumPasswordScalars, Registration.maximumPasswordBytes)
        case .stored: (1, StoredText.maximumLength)
        case .atMost(let length): (nil, length)
        default: (nil, nil)
        }
    }
}

/// The members of a JSON object, as its type reads them.
public struct ObjectShape: Sendable, Equatable {
    public struct Member: Sendable, Equatable {
        public let name: String
        public let shape: Shape
        public let isRequired: Bool
    }

    /// The name of the type.
    public let name: String
    public let members: [Member]
    /// Names of members of which an object has exactly one; may be empty.
    public let alternatives: [String]

    /// Runs the initializer that reads such an object, and notes what it asks for: no other list of the members
    /// exists.
    public init<Value: JSONReadable>(of type: Value.Type) {
        var reader = ObjectReader.describing
        _ = Value(from: &reader)
        (name, members, alternatives) = ("\(type)", reader.described, reader.alternatives)
    }
}

/// A parameter of a query.
public struct ParameterShape: Sendable {
    public let name: String
    public let shape: Shape
    public let isRequired: Bool
    /// The value that an absent parameter stands for, if that is a value.
    public let defaultValue: JSONValue?
    public let example: JSONValue
    /// One sentence.
    public let summary: String

    public init(
        _ name: String, _ shape: Shape, required: Bool = false, default defaultValue: JSONValue? = nil,
        example: JSONValue, _ summary: String
    ) {
        self.name = name
        self.shape = shape
        isRequired = required
        self.defaultValue = defaultValue
        self.example = example
        self.summary = summary
    }
}
