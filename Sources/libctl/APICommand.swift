import ArgumentParser
import Glibc
import Shared

/// Sends one request that the user writes out, with the token of the login at the server.
struct APICommand: ParsableCommand, ContextCommand {
    static let title = "api"
    static let configuration = CommandConfiguration(
        "api", "Send one request and print the body of the reply.",
        discussion: """
            The token of your login goes with it, if there is one and no --header says otherwise. The body of an error \
            is printed too; what it means is on standard error, and the exit code is that of every other command.
            """,
        showsRecords: false, examples: "api GET '/authors?limit=5&sort=name'",
        "api POST /authors -f name='Hilary Mantel' -f book='Wolf Hall' \\\n      -f country=UK -F booker_prize=true",
        "api PATCH /authors/1 --input change.json -H 'If-Match: \"1-1\"'", "api DELETE /authors/1 --include")

    @Argument(help: "GET, POST, PUT, PATCH, DELETE or HEAD.", completion: .list(APICommand.methods))
    var method: String

    @Argument(help: "Path with its query, from the first slash on.")
    var path: String

    @Option(help: "File with the body; - is standard input.", completion: .file())
    var input: String?

    @Option(
        name: [.customShort("f"), .long], parsing: .unconditionalSingleValue,
        help: "NAME=TEXT, a member of a JSON body.")
    var rawField: [String] = []

    @Option(
        name: [.customShort("F"), .long], parsing: .unconditionalSingleValue,
        help: "NAME=VALUE, the same; true, false, null and whole numbers are not texts.")
    var field: [String] = []

    @Option(
        name: [.customShort("H"), .long], parsing: .unconditionalSingleValue,
        help: "'Name: value', a field of the head.")
    var header: [String] = []

    @Flag(name: .shortAndLong, help: "Print the status and the head of the reply too.")
    var include = false

    @OptionGroup var options: GlobalOptions

    private static let methods = Method.allCases.map(\.rawValue) + ["HEAD"]

    private var verb: String { method.uppercased() }

    func validate() throws {
        func refuse(_ reason: String, _ hint: String) throws -> Never { throw CommandError(.usage, reason, hint: hint) }
        guard Self.methods.contains(verb) else {
            // Not quoted: if the method was forgotten, the first argument may be anything, such as a secret.
            try refuse(
                "the first argument is not a method", "use \(Self.methods.joined(separator: ", ")): libctl api GET PATH"
            )
        }
        // The path is appended to the origin of the server: a path such as `@example.org` would name another host.
        guard path.hasPrefix("/"), path.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "#") })
        else {
            try refuse("the path must begin with / and be percent-encoded", "for example: '/authors?q=wolf%20hall'")
        }
        let hasFields = !rawField.isEmpty || !field.isEmpty
        guard input == nil || !hasFields else {
            try refuse("--input and fields contradict each other", "write the fields into the file of --input")
        }
        guard !["GET", "HEAD"].contains(verb) || input == nil && !hasFields else {
            try refuse("\(verb) has no body", "write NAME=VALUE into the query of the path")
        }
        guard options.format == nil, options.fields == nil else {
            try refuse("the reply is printed as it is", "leave --output and --fields out")
        }
    }

    func run(_ context: CommandContext) throws {
        var headers = try header.enumerated().map { try Self.parse(header: $1, number: $0 + 1) }
        let body = try body(context)
        if body != nil { Self.add("Content-Type", "application/json", to: &headers) }
        if verb == "POST" { Self.add("Idempotency-Key", Client.newKey(), to: &headers) }
        let hasOwn = headers.contains { ["authorization", "x-access-tokens"].contains($0.name.lowercased()) }
        var refused: TransportReply?
        do {
            guard !hasOwn, try context.isLoggedIn else { return try send(headers, body, context) { refused = $0 } }
            try context.authorized {
                refused = nil
                try send(headers + [("Authorization", $0)], body, context) { refused = $0 }
            }
        } catch {
            guard let refused else { throw error }
            try show(refused, refused.body, isFirst: true, context)
            throw advised(CommandError(error), allowed: refused.headers["allow"])
        }
    }

    /// Prints a piece of the reply, with the head before the first piece if `--include` is set.
    private func show(_ head: TransportReply, _ bytes: [UInt8], isFirst: Bool, _ context: CommandContext) throws {
        if include, isFirst {
            let fields = head.headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)\r\n" }.joined()
            try context.output.foreign(Array("HTTP/1.1 \(head.status)\r\n\(fields)\r\n".utf8))
        }
        try context.output.foreign(bytes)
    }

    private func send(
        _ headers: [(name: String, value: String)], _ body: [UInt8]?, _ context: CommandContext,
        refused: (TransportReply) -> Void
    ) throws {
        var isFirst = true
        func show(_ head: TransportReply, _ bytes: [UInt8]) throws {
            try self.show(head, bytes, isFirst: isFirst, context)
            isFirst = false
        }
        let needsBody = ["POST", "PUT", "PATCH"].contains(verb)
        let request = TransportRequest(
            method: verb, path: path, headers: headers, body: (body ?? (needsBody ? [] : nil)).map { .bytes($0) },
            // A request with a body gets a longer timeout, for the upload and for the daemon's work on the body.
            patience: .piece(seconds: body == nil ? 60 : 600), receive: show)
        // Not repeated after a reply that broke off: part of that reply may have been printed.
        let reply = try context.client.exchange(request, isRepeatable: false, refused: refused)
        if isFirst { try show(reply, []) }
    }

    /// The failure with what to send instead.
    private func advised(_ failure: CommandError, allowed: String?) -> CommandError {
        let path = String(path.prefix { $0 != "?" })
        switch failure.problem?.knownCode {
        case .methodNotAllowed:
            return failure.saying(
                "\(Secrets.quoted(path)) does not take \(verb)", hint: allowed.map { "allowed: \($0)" })
        case .notFound:
            let near = closest(to: path, among: Endpoints.all.map(\.path).filter { !$0.contains("{") })
            return failure.saying(hint: near.map { "did you mean \($0)?" } ?? "libctl api --help")
        case .unsupportedMediaType: return failure.saying(hint: "send JSON: -f NAME=TEXT, or --input FILE")
        case .invalidJSON: return failure.saying(hint: "send a JSON object: -f NAME=TEXT, or --input FILE")
        default: return failure
        }
    }

    private func body(_ context: CommandContext) throws -> [UInt8]? {
        if let input {
            return try context.reading(input) { try InputReader($0).all() }
        }
        let fields =
            try rawField.enumerated().map { (try Self.parse(field: $1, "--raw-field \($0 + 1)"), false) }
            + field.enumerated().map { (try Self.parse(field: $1, "--field \($0 + 1)"), true) }
        guard !fields.isEmpty else { return nil }
        var json = JSONWriter()
        json.object { json in
            for ((name, text), isTyped) in fields {
                json.member(text: name) { $0.value(isTyped ? Self.value(text) : .string(text)) }
            }
        }
        return json.bytes
    }

    private static func value(_ text: String) -> JSONValue {
        switch text {
        case "true": .bool(true)
        case "false": .bool(false)
        case "null": .null
        default: integer(text).map { .integer($0) } ?? .string(text)
        }
    }

    private static func integer(_ text: String) -> Int64? {
        text.hasPrefix("-") ? Int64(decimal: text.dropFirst()).flatMap { $0 > 0 ? -$0 : nil } : Int64(decimal: text)
    }

    /// Splits `NAME=VALUE`. The error names the option by its number, because the text may contain a secret.
    private static func parse(field: String, _ name: String) throws -> (String, String) {
        // Searched by scalars: `=` followed by a combining mark is another `Character` than `=`.
        let scalars = field.unicodeScalars
        guard let equals = scalars.firstIndex(of: "="), equals != scalars.startIndex else {
            throw CommandError(.usage, "\(name) is not NAME=VALUE", hint: "for example: -f name='Hilary Mantel'")
        }
        return (String(scalars[..<equals]), String(scalars[scalars.index(after: equals)...]))
    }

    private static func parse(header: String, number: Int) throws -> (name: String, value: String) {
        guard let colon = header.firstIndex(of: ":"), colon != header.startIndex,
            header.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F })
        else {
            throw CommandError(
                .usage, "--header \(number) is not 'Name: value'", hint: "for example: -H 'Accept: text/csv'")
        }
        return (String(header[..<colon]), String(header[header.index(after: colon)...].drop { $0 == " " }))
    }

    private static func add(_ name: String, _ value: String, to headers: inout [(name: String, value: String)]) {
        if !headers.contains(where: { $0.name.lowercased() == name.lowercased() }) { headers.append((name, value)) }
    }
}
