import HTTPTypes
import Hummingbird
import NIOCore
import Shared

/// Many authors at once: a file that comes in, and the whole list that goes out, neither ever whole in memory.
struct BulkRoutes: Sendable {
    let store: Store
    let clock: Clock

    /// 64 MiB.
    private static let maximumBody = 64 << 20
    /// Lines of one transaction: few enough that others hardly wait.
    private static let batch = 512
    /// Faults that a refused file tells of.
    private static let toldFaults = 100

    /// What a request's body is, if it is a file of authors.
    static func format(of request: Request) -> AuthorLines.Format? {
        guard let field = request.headers[.contentType], field != "application/json" else { return nil }
        let type = field.split(separator: ";").first?.filter { $0 != " " }.lowercased()
        return AuthorLines.Format.allCases.first { $0.mediaType == type }
    }

    /// What a client wants of a list, if it wants a file: the first type that it names and that there is.
    static func format(acceptedBy request: Request) -> AuthorLines.Format? {
        guard let accept = request.headers[.accept], accept != "*/*", !accept.hasPrefix("application/json") else {
            return nil
        }
        for part in accept.split(separator: ",") {
            let type = part.split(separator: ";").first?.filter { $0 != " " }.lowercased()
            if let format = AuthorLines.Format.allCases.first(where: { $0.mediaType == type }) { return format }
            if type == "application/json" || type == "*/*" { return nil }
        }
        return nil
    }

    // MARK: In

    func create(
        _ request: Request, _ context: CallerContext, _ format: AuthorLines.Format
    ) async throws -> Response {
        guard request.headers[.contentEncoding] == nil else { throw Failure(.unsupportedMediaType) }
        let options = try request.query(BulkOptions.init(items:))
        // A dry run changes nothing, so there is nothing to do twice.
        let key = try options.dryRun ? nil : request.idempotencyKey
        let reader = LineReader(request.body, format, limit: Self.maximumBody)
        if options.atomic || options.dryRun {
            var lines: [AuthorLines.Line] = []
            while let line = try await reader.next() { lines.append(line) }
            return try await createTogether(lines, options, key, context)
        }
        // Whether the file can be read at all, and is the key's own, is told by the status.
        var first: [AuthorLines.Line] = []
        _ = try await reader.fill(&first, upTo: key == nil ? 1 : Self.batch)
        try store.requireUnused(
            Self.part(0, first, options, key), owner: context.principal.userID, at: clock.now())
        let begun = first
        return Response(
            status: .ok, headers: [.contentType: AuthorLines.Format.ndjson.mediaType],
            body: ResponseBody { writer in
                var (batch, number) = (begun, 0)
                do {
                    while try await reader.fill(&batch, upTo: Self.batch) {
                        let request = Self.part(number, batch, options, key)
                        try await writer.write(await results(batch, options, request, context))
                        (batch, number) = ([], number + 1)
                    }
                } catch let failure as Failure {
                    // Too large: what has come so far is stored, and this is the last line.
                    try await writer.write(Self.lines([reader.failed(failure)]))
                }
                try await writer.finish(nil)
            })
    }

    /// One batch as a request of its own, so that a file that comes again goes on where its first answer broke off.
    private static func part(
        _ number: Int, _ lines: [AuthorLines.Line], _ options: BulkOptions, _ key: String?
    ) -> IdempotentRequest? {
        guard let key else { return nil }
        var content = Array(QueryItem.string(options.items).utf8)
        for line in lines {
            content += Array("\n\(line.number) ".utf8)
            switch line.draft {
            case .success(let draft): content += draft.json
            case .failure(let fault): content += Array(fault.description.utf8)
            }
        }
        return IdempotentRequest(key, "authors", part: number, content: content)
    }

    private func results(
        _ lines: [AuthorLines.Line], _ options: BulkOptions, _ request: IdempotentRequest?, _ context: CallerContext
    ) async -> ByteBuffer {
        do {
            try context.confirm()
            return Self.lines(
                try await store.createAuthors(
                    lines, owner: context.principal.userID, options: options, as: request, at: clock.now()))
        } catch {
            let failure = Failure(storing: error)
            return Self.lines(lines.map { .init(line: $0.number, failure) })
        }
    }

    private func createTogether(
        _ lines: [AuthorLines.Line], _ options: BulkOptions, _ key: String?, _ context: CallerContext
    ) async throws -> Response {
        try context.confirm()
        let results = try await store.createAuthors(
            lines, owner: context.principal.userID, options: options, as: Self.part(0, lines, options, key),
            at: clock.now())
        let failed = results.filter { $0.outcome == BulkResult.Outcome.failed.rawValue }
        if options.atomic, !failed.isEmpty {
            let isConflict = failed.allSatisfy { $0.code == .authorExists }
            throw Failure(
                isConflict ? .authorExists : .invalidFields,
                "\(failed.count) of \(lines.count) lines cannot be stored, so none was.",
                errors: failed.prefix(Self.toldFaults).map {
                    FieldError("line \($0.line)", .invalid, $0.message ?? "")
                })
        }
        return Response(
            status: .ok, headers: [.contentType: AuthorLines.Format.ndjson.mediaType],
            body: ResponseBody(byteBuffer: Self.lines(results)))
    }

    private static func lines(_ results: [BulkResult]) -> ByteBuffer {
        ByteBuffer(bytes: BulkResult.ndjson(results))
    }

    // MARK: Out

    func list(_ request: Request, _ context: CallerContext, _ format: AuthorLines.Format) throws -> Response {
        var query = try request.query { items throws(InvalidFields) in
            if items.contains(where: { $0.name == "limit" }) {
                throw InvalidFields([FieldError("limit", .invalid, "is for pages; a file has the whole list")])
            }
            return try AuthorQuery(items: items)
        }
        query.limit = AuthorQuery.maximumLimit
        let owner = context.principal.userID
        // A cursor of another list is refused before the reply begins.
        _ = try request.query { _ in try AuthorListStatement(query, owner: owner) }
        let first = query
        return Response(
            status: .ok, headers: [.contentType: format.mediaType],
            body: ResponseBody { writer in
                var query = first
                if format == .csv {
                    try await writer.write(ByteBuffer(string: Author.fieldNames.joined(separator: ",") + "\r\n"))
                }
                repeat {
                    try context.confirm()
                    let page = try await store.authors(query, owner: owner, as: format)
                    try await writer.write(ByteBuffer(bytes: page.bytes))
                    query.after = page.next
                } while query.after != nil
                try await writer.finish(nil)
            })
    }
}

/// The lines of a body, as they come. Used by one request, one call after the other.
private final class LineReader: @unchecked Sendable {
    private var parts: RequestBody.AsyncIterator
    private var lines: AuthorLines
    private let limit: Int
    private var received = 0
    private var isAtEnd = false
    private var lastLine = 0
    /// What ended a batch that had lines already: they come first.
    private var pending: Failure?

    init(_ body: RequestBody, _ format: AuthorLines.Format, limit: Int) {
        parts = body.makeAsyncIterator()
        lines = AuthorLines(format, unknownMembers: .rejected)
        self.limit = limit
    }

    /// - Throws: ``Failure``.
    func next() async throws -> AuthorLines.Line? {
        while true {
            do {
                if let line = try lines.next(atEnd: isAtEnd) {
                    lastLine = line.number
                    return line
                }
            } catch {
                throw Failure(.invalidFields, "\(error)")
            }
            if isAtEnd { return nil }
            let next: ByteBuffer?
            do {
                next = try await parts.next()
            } catch {
                throw Failure.brokenBody
            }
            guard let part = next else {
                isAtEnd = true
                continue
            }
            received += part.readableBytes
            guard received <= limit else { throw Failure(.bodyTooLarge) }
            lines.append(part.readableBytesView)
        }
    }

    /// Reads on until there are so many lines, or no more.
    /// - Returns: whether there are any.
    /// - Throws: ``Failure``, once all lines before it have been handed out.
    func fill(_ batch: inout [AuthorLines.Line], upTo count: Int) async throws -> Bool {
        do {
            if let pending, batch.isEmpty { throw pending }
            while pending == nil, batch.count < count, let line = try await next() { batch.append(line) }
        } catch let failure as Failure where !batch.isEmpty {
            pending = failure
        }
        return !batch.isEmpty
    }

    func failed(_ failure: Failure) -> BulkResult {
        BulkResult(line: lastLine + 1, failure)
    }
}

extension BulkResult {
    init(line: Int, _ failure: Failure) {
        self.init(
            line: line, failed: failure.code,
            failure.errors.isEmpty ? failure.detail ?? failure.code.text : InvalidFields(failure.errors).description,
            existingID: failure.existingID)
    }
}
