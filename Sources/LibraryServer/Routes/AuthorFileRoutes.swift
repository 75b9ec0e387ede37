import HTTPTypes
import Hummingbird
import LibraryStore
import NIOCore
import NIOPosix
import Shared

/// Many authors at once: a file that comes in, and the whole list that goes out, neither ever whole in memory.
struct AuthorFileRoutes: Sendable {
    let store: Store
    let clock: Clock
    private let places = UploadSlots()

    /// 64 MiB.
    private static let maximumBody = 64 << 20
    /// Lines of one transaction: few enough that others hardly wait.
    private static let batch = 512

    /// What a request's body is, if it is a file of authors and not one author.
    /// - Throws: ``Failure`` `unsupported_media_type` if it is neither.
    static func format(of request: Request) throws(Failure) -> AuthorLines.Format? {
        let type = try request.mediaType(among: mediaTypes)
        return AuthorLines.Format.allCases.first { $0.mediaType == type }
    }

    private static let mediaTypes = [MediaType.json] + AuthorLines.Format.allCases.reversed().map(\.mediaType)

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
        let options = try request.query(BulkOptions.init(items:))
        // A dry run changes nothing, so there is nothing to do twice.
        let key = try options.dryRun ? nil : request.idempotencyKey
        let body = UploadBody(request.body, limit: Self.maximumBody)
        if options.atomic || options.dryRun { return try await importAtOnce(body, format, options, key, context) }
        let reader = LineReader(body, format, restIsNeeded: options.restIsNeeded)
        // Whether the file can be read at all, and is the key's own, is told by the status.
        var first: [AuthorLines.Line] = []
        _ = try await reader.fill(&first, upTo: key == nil ? 1 : Self.batch)
        let (begun, beginning) = (first, Self.part(0, first, options, key))
        try store.requireUnused(beginning, owner: context.principal.userID, at: clock.now())
        return Response(
            status: .ok, headers: [.contentType: AuthorLines.Format.ndjson.mediaType],
            body: ResponseBody { writer in
                var (batch, number) = (begun, 0)
                do {
                    while try await reader.fill(&batch, upTo: Self.batch) {
                        let request = number == 0 ? beginning : Self.part(number, batch, options, key)
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
            switch line.entry {
            case .success(let entry): content += json(of: entry, options)
            case .failure(let fault): content += Array(fault.description.utf8)
            }
        }
        return IdempotentRequest(key, "authors", part: number, content: content)
    }

    /// What must be the same. What a line does not say is what it makes of a new author, except where there may be one
    /// already. (That is also how it was before lines could leave anything out: a request may come again to a newer
    /// daemon.)
    private static func json(of entry: AuthorValues, _ options: BulkOptions) -> [UInt8] {
        guard options.onConflict != .update, let draft = try? entry.draft(country: options.defaultCountry) else {
            return entry.json
        }
        return draft.json
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
            let failure = (error as? StoreError).map { Failure($0) } ?? error as? Failure ?? Failure(.internalError)
            return Self.lines(lines.map { .init(line: $0.number, failure) })
        }
    }

    /// All lines in one transaction, once they have all come: a client that is slow keeps nobody waiting.
    private func importAtOnce(
        _ body: UploadBody, _ format: AuthorLines.Format, _ options: BulkOptions, _ key: String?,
        _ context: CallerContext
    ) async throws -> Response {
        let place = try places.take(for: context.principal.userID)
        defer { withExtendedLifetime(place) {} }
        let contents = try await body.gathered(in: store.spool())
        let file = try await NIOThreadPool.singleton.runIfActive {
            try key.map { IdempotentFile($0, digest: try Self.digest(contents, format, options)) }
        }
        try context.confirm()
        let report = try await store.createAuthors(
            of: contents, format, owner: context.principal.userID, options: options, as: file, at: clock.now())
        if options.atomic, report.failed > 0 {
            throw Failure(
                report.isConflict ? .authorExists : .invalidFields,
                report.isRefused
                    ? "\(report.failed) lines or more cannot be stored, so none was."
                    : "\(report.failed) of \(report.lines) lines cannot be stored, so none was.",
                errors: report.faults.map {
                    FieldError("line \($0.line)", .invalid, $0.message ?? "", line: $0.line)
                })
        }
        let results = report.results
        return Response(
            status: .ok, headers: [.contentType: AuthorLines.Format.ndjson.mediaType],
            body: ResponseBody(contentLength: results.count) { writer in
                var sent = 0
                while sent < results.count {
                    let offset = sent
                    let piece = try await NIOThreadPool.singleton.runIfActive { try results.bytes(from: offset) }
                    try await writer.write(ByteBuffer(bytes: piece))
                    sent += piece.count
                }
                try await writer.finish(nil)
                // Not before: as long its results are on the disk.
                withExtendedLifetime(place) {}
            })
    }

    private static func digest(
        _ contents: SpooledFile, _ format: AuthorLines.Format, _ options: BulkOptions
    ) throws -> [UInt8] {
        try Digest.sha256 { take in
            take(Array("\(format.rawValue)\(QueryItem.string(options.items))\n".utf8))
            try contents.forEachPiece(take)
        }
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
        try request.query { _ in try Store.requireCursor(of: query) }
        let first = query
        return Response(
            status: .ok, headers: [.contentType: format.mediaType],
            body: ResponseBody { writer in
                var query = first
                if format == .csv {
                    try await writer.write(ByteBuffer(string: AuthorRow.csvHeader))
                }
                repeat {
                    try context.confirm()
                    let page = try await store.authors(query, owner: owner) { try $0.part(as: format) }
                    try await writer.write(ByteBuffer(bytes: page.bytes))
                    query.after = page.next
                } while query.after != nil
                try await writer.finish(nil)
            })
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
