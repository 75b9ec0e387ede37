import HTTPTypes
import Hummingbird
import LibraryStore
import NIOCore
import NIOPosix
import Shared

/// Imports files of authors and exports lists as files. Neither is ever completely in memory.
struct AuthorFileRoutes: Sendable {
    let store: any Store
    let clock: Clock
    let behindProxy: Bool
    private let wholeFiles = UploadSlots(ofOneOwner: 2, inAll: 8)
    private let filesInBatches = UploadSlots(ofOneOwner: 16, inAll: 64)

    /// In bytes: 64 MiB.
    private static let maximumBody = 64 << 20
    /// Lines in one transaction: few, so that other writes do not wait long.
    private static let batch = 512

    /// The format of a request's body if it is a file of authors; `nil` if it is one author as JSON.
    /// - Throws: ``Failure`` `unsupported_media_type` if it is neither.
    static func format(of request: Request) throws(Failure) -> AuthorLines.Format? {
        let type = try request.mediaType(among: mediaTypes)
        return AuthorLines.Format(mediaType: type)
    }

    private static let mediaTypes = [MediaType.json] + AuthorLines.Format.allCases.reversed().map(\.mediaType)

    /// The format of the file if the client wants a list as a file; `nil` if it wants JSON.
    /// - Throws: ``Failure`` `not_acceptable`.
    static func format(acceptedBy request: Request) throws(Failure) -> AuthorLines.Format? {
        guard let type = AcceptField(request.headers[values: .accept]).best(of: mediaTypes) else {
            throw Failure(.notAcceptable, headers: [.vary: Self.vary])
        }
        return AuthorLines.Format(mediaType: type)
    }

    /// The request field that decides the form of a reply that has several (RFC 9110, section 12.5.5).
    static let vary = "Accept"

    // MARK: In

    func create(
        _ call: FileRequest<BulkOptions>, _ context: CallerContext, _ format: AuthorLines.Format
    ) async throws -> Response {
        let (request, options) = (call.request, try call.query())
        // A dry run changes nothing, so it needs no protection against repetition.
        let key = try options.dryRun ? nil : request.idempotencyKey
        let origin = ImportOrigin(
            context.principal.origin, import: options.importID ?? key.map(Self.importID) ?? context.requestID)
        let body = try UploadBody(request, limit: Self.maximumBody)
        let source = RequestSource(request, context.peer, behindProxy: behindProxy)
        let initiator = source.initiator(context.principal.name)
        if options.atomic || options.dryRun {
            return try await importAtOnce(body, format, options, key, context, origin, initiator)
        }
        // The file comes again with the same key, and then this batch has all of its lines.
        let reader = LineReader(body, format, restIsNeeded: options.restIsNeeded, keepsPartialBatch: key == nil)
        let place = try filesInBatches.take(for: context.principal.userID)
        // Reads the first lines before the reply begins, so that a malformed file or a reused key gets an error
        // status.
        var first: [AuthorLines.Line] = []
        _ = try await reader.fill(&first, upTo: key == nil ? 1 : Self.batch)
        let (begun, beginning) = (first, Self.part(0, first, options, key))
        try await store.requireUnused(beginning, owner: context.principal.userID, at: clock.now())
        return Response(
            status: .ok, headers: [.contentType: AuthorLines.Format.ndjson.mediaType],
            body: ResponseBody { writer in
                var (batch, number, changes) = (begun, 0, 0)
                do {
                    while try await reader.fill(&batch, upTo: Self.batch) {
                        let request = number == 0 ? beginning : Self.part(number, batch, options, key)
                        let results = await results(batch, options, request, context, origin)
                        changes += results.count(where: \.isChange)
                        try await writer.write(Self.lines(results))
                        (batch, number) = ([], number + 1)
                    }
                } catch let failure as Failure {
                    // The body is too large or ended early. The lines so far are stored, and the last result reports
                    // the failure.
                    try await writer.write(Self.lines([reader.failed(failure)]))
                } catch {
                    await note(changes, by: initiator)
                    throw error
                }
                await note(changes, by: initiator)
                try await writer.finish(nil)
                withExtendedLifetime(place) {}
            })
    }

    /// The id of an import that may be sent again: the same for each time, 16 hexadecimal digits.
    private static func importID(ofKey key: String) -> String {
        Digest.hexadecimal(Digest.sha256(Array(key.utf8)).prefix(8))
    }

    /// Notes in the audit how many authors a file has created or changed. The authors are stored whether that succeeds
    /// or not.
    private func note(_ changes: Int, by initiator: Initiator) async {
        guard changes > 0 else { return }
        let detail = "\(changes) \(changes == 1 ? "author" : "authors")"
        try? await store.note(.authorsImported, user: initiator.name, by: initiator, detail, at: clock.now())
    }

    /// One batch as an idempotent request of its own, so that a repeated import continues where the first reply
    /// ended.
    private static func part(
        _ number: Int, _ lines: [AuthorLines.Line], _ options: BulkOptions, _ key: String?
    ) -> IdempotentRequest? {
        guard let key else { return nil }
        var content = Array(QueryItem.string(options.itemsOfContent).utf8)
        for line in lines {
            content += Array("\n\(line.number) ".utf8)
            switch line.entry {
            case .success(let entry): content += json(of: entry, options)
            case .failure(let fault): content += Array(fault.description.utf8)
            }
        }
        return IdempotentRequest(key, "authors", part: number, content: content)
    }

    /// The part of a line that must be equal in a repeated request. Absent values have their defaults as in a new
    /// author, because older daemons stored the digest of complete authors, and a request may be repeated after an
    /// upgrade. With `on_conflict=update` absent values stay absent, because they leave an existing author unchanged.
    private static func json(of entry: AuthorValues, _ options: BulkOptions) -> [UInt8] {
        guard options.onConflict != .update, let draft = try? entry.draft(country: options.defaultCountry) else {
            return entry.json
        }
        return draft.json
    }

    private func results(
        _ lines: [AuthorLines.Line], _ options: BulkOptions, _ request: IdempotentRequest?, _ context: CallerContext,
        _ origin: ImportOrigin
    ) async -> [BulkResult] {
        do {
            try await context.confirm()
            return try await store.createAuthors(
                lines, owner: context.principal.userID, from: origin, options: options, as: request, at: clock.now())
        } catch {
            let failure = (error as? StoreError).map { Failure($0) } ?? error as? Failure ?? Failure(.internalError)
            return lines.map { .init(line: $0.number, failure) }
        }
    }

    /// Stores all lines or none, after the whole file has arrived, so that a slow client does not block other writes.
    private func importAtOnce(
        _ body: UploadBody, _ format: AuthorLines.Format, _ options: BulkOptions, _ key: String?,
        _ context: CallerContext, _ origin: ImportOrigin, _ initiator: Initiator
    ) async throws -> Response {
        let place = try wholeFiles.take(for: context.principal.userID)
        defer { withExtendedLifetime(place) {} }
        let contents = try await body.gathered(in: store.spool())
        let file = try await NIOThreadPool.singleton.runIfActive {
            try key.map { IdempotentFile($0, digest: try Self.digest(contents, format, options)) }
        }
        try await context.confirm()
        let report = try await store.createAuthors(
            of: contents, format, owner: context.principal.userID, from: origin, options: options, as: file,
            at: clock.now(), clock: clock.now)
        if options.atomic, report.failed > 0 {
            throw Failure(
                report.isConflict ? .authorExists : .invalidFields,
                report.isRefused
                    ? "\(report.failed) lines or more cannot be stored, so none was"
                    : "\(report.failed) of \(report.lines) lines cannot be stored, so none was",
                errors: report.faults.map {
                    FieldError("line \($0.line)", .invalid, $0.message ?? "", line: $0.line)
                })
        }
        if !options.dryRun { await note(report.changes, by: initiator) }
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
                // The slot is taken until here, because the results take space on the disk until they have been sent.
                withExtendedLifetime(place) {}
            })
    }

    private static func digest(
        _ contents: SpooledFile, _ format: AuthorLines.Format, _ options: BulkOptions
    ) throws -> [UInt8] {
        try Digest.sha256 { take in
            take(Array("\(format.rawValue)\(QueryItem.string(options.itemsOfContent))\n".utf8))
            try contents.forEachPiece(take)
        }
    }

    private static func lines(_ results: [BulkResult]) -> ByteBuffer {
        ByteBuffer(bytes: BulkResult.ndjson(results))
    }

    // MARK: Out

    func list(
        _ call: FileRequest<AuthorQuery>, _ context: CallerContext, _ format: AuthorLines.Format
    ) async throws -> Response {
        let request = call.request
        try request.query { items in
            guard items.contains(where: { $0.name == "limit" }) else { return }
            throw InvalidFields([FieldError("limit", .invalid, "is for pages; a file has the whole list")])
        }
        var query = try call.query()
        // Each part of an earlier state costs a look at all changes since.
        query.limit = query.at == nil ? AuthorQuery.maximumLimit : 16 * AuthorQuery.maximumLimit
        let owner = context.principal.userID
        // Checked before the reply begins, so that a cursor of another list gets an error status.
        let first = query
        try await TargetQuery.check { try await store.requireList(first, owner: owner) }
        return Response(
            status: .ok, headers: [.contentType: format.mediaType, .vary: Self.vary],
            body: ResponseBody { writer in
                var query = first
                if format == .csv {
                    try await writer.write(ByteBuffer(string: AuthorRow.csvHeader))
                }
                repeat {
                    // A list that has begun goes on after its token, as long as the session.
                    try await context.confirm(isChange: false)
                    let page = try await store.authors(query, owner: owner) { try $0.part(as: format) }
                    try await writer.write(page.bytes)
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
