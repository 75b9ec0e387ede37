import HTTPTypes
import Hummingbird
import LibraryStore
import NIOCore
import Shared

struct AuthorRoutes {
    let store: Store
    let clock: Clock
    private let replies = ReplyCache()
    private let bulk: AuthorFileRoutes

    init(store: Store, clock: Clock) {
        self.store = store
        self.clock = clock
        bulk = AuthorFileRoutes(store: store, clock: clock)
    }

    func add(toCallers routes: RouterGroup<CallerContext>) {
        routes.on(Endpoints.authors, use: list)
        routes.on(Endpoints.createAuthor, use: create)
        routes.on(Endpoints.createAuthorByOldPath, use: create)
        routes.on(Endpoints.author, use: show)
        routes.on(Endpoints.updateAuthor) { request, context in
            let id = try id(context)
            let patch = try await context.decode(request, as: AuthorPatch.self).validated()
            let (author, isChanged) = try await store.updateAuthor(
                id: id, owner: context.principal.userID, patch, ifVersion: request.ifMatchVersions(id: id),
                at: clock.now())
            return .json(
                AuthorReply(isChanged ? Message.updated : Message.unchanged, author),
                headers: [.eTag: author.entityTag])
        }
        routes.on(Endpoints.deleteAuthor) { request, context in
            let id = try id(context)
            let author = try await store.deleteAuthor(
                id: id, owner: context.principal.userID, ifVersion: request.ifMatchVersions(id: id), at: clock.now())
            return .json(AuthorReply(Message.deleted, author))
        }
    }

    @Sendable private func create(_ request: Request, _ context: CallerContext) async throws -> Response {
        if let format = try AuthorFileRoutes.format(of: request) {
            return try await bulk.create(request, context, format)
        }
        try request.query { items in
            guard let item = items.first else { return }
            throw InvalidFields([FieldError(item.name, .invalid, "is for a file of authors, not for one")])
        }
        let key = try request.idempotencyKey
        let draft = try await context.decode(request, as: AuthorDraft.self).validated()
        let author = try await store.createAuthor(
            draft, owner: context.principal.userID, as: IdempotentRequest(key, "author", content: draft.json),
            at: clock.now())
        return .json(
            AuthorReply(Message.created, author), status: .created,
            headers: [.location: Endpoints.author.path(String(author.id)), .eTag: author.entityTag])
    }

    @Sendable private func show(_ request: Request, _ context: CallerContext) async throws -> Response {
        try await kept(request, context) { _ in
            try store.author(id: try id(context), owner: context.principal.userID) { row in
                var json = JSONWriter()
                row.write(to: &json)
                return (json.bytes, [.eTag: row.entityTag])
            }
        }
    }

    @Sendable private func list(_ request: Request, _ context: CallerContext) async throws -> Response {
        if let format = AuthorFileRoutes.format(acceptedBy: request) { return try bulk.list(request, context, format) }
        return try await kept(request, context) { revision in
            var query = try request.query(AuthorQuery.init(items:))
            let page: (json: [UInt8], next: String?)
            do {
                page = try await store.authors(query, owner: context.principal.userID) { try $0.page() }
            } catch let invalid as InvalidFields {
                throw Failure(query: invalid)
            }
            guard let next = page.next else { return (page.json, [.eTag: revision.entityTag]) }
            query.after = next
            let link = "<\(Endpoints.authors.path)\(QueryItem.string(query.items))>; rel=\"next\""
            return (page.json, [.eTag: revision.entityTag, .link: link])
        }
    }

    /// What was answered to the same request before, if the owner has changed nothing since; else what `read` brings.
    private func kept(
        _ request: Request, _ context: CallerContext,
        _ read: (Revision) async throws -> (json: [UInt8], headers: HTTPFields)
    ) async throws -> Response {
        // Before anything is read: a change meanwhile makes the reply an old one at once.
        let revision = store.changes.current(of: context.principal.userID)
        let key = ReplyCache.Key(owner: context.principal.userID, target: request.uri.string)
        if let known = replies.reply(key, at: revision) { return request.conditionally(known.headers, known.body) }
        var (json, headers) = try await read(revision)
        headers[.contentType] = "application/json"
        headers[.cacheControl] = "private, no-cache"
        let reply = ReplyCache.Reply(revision: revision, headers: headers, body: ByteBuffer(bytes: json))
        replies.keep(reply, for: key)
        return request.conditionally(reply.headers, reply.body)
    }

    /// What is not an id cannot be anybody's author.
    private func id(_ context: CallerContext) throws(Failure) -> Int64 {
        guard let id = context.parameters.get("id").flatMap({ Int64(decimal: $0) }) else {
            throw Failure(.authorNotFound)
        }
        return id
    }
}
