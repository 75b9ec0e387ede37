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
            let id = request.path
            let patch = try await context.decode(request).validated()
            let (author, isChanged) = try await store.updateAuthor(
                id: id, owner: context.principal.userID, patch, ifVersion: request.request.ifMatchVersions(id: id),
                at: clock.now())
            return .value(
                AuthorReply(isChanged ? Message.updated : Message.unchanged, author),
                headers: [.eTag: author.entityTag])
        }
        routes.on(Endpoints.deleteAuthor) { request, context in
            let id = request.path
            let author = try await store.deleteAuthor(
                id: id, owner: context.principal.userID, ifVersion: request.request.ifMatchVersions(id: id),
                at: clock.now())
            return .value(AuthorReply(Message.deleted, author))
        }
    }

    @Sendable private func create(
        _ call: EndpointRequest<Empty, AuthorDraft>, _ context: CallerContext
    ) async throws -> EndpointReply<AuthorReply> {
        let request = call.request
        if let format = try AuthorFileRoutes.format(of: request) {
            return .made(try await bulk.create(call.asFile(of: Endpoints.createAuthors), context, format))
        }
        try request.query { items in
            guard let item = items.first else { return }
            throw InvalidFields([FieldError(item.name, .invalid, "is for a file of authors, not for one")])
        }
        let key = try request.idempotencyKey
        let draft = try await context.decode(call).validated()
        let author = try await store.createAuthor(
            draft, owner: context.principal.userID, as: IdempotentRequest(key, "author", content: draft.json),
            at: clock.now())
        return .value(
            AuthorReply(Message.created, author), status: .created,
            headers: [.location: Endpoints.author.path(author.id), .eTag: author.entityTag])
    }

    @Sendable private func show(
        _ call: EndpointRequest<Int64, Empty>, _ context: CallerContext
    ) async throws -> EndpointReply<Author> {
        try await kept(call.request, context) { _ in
            try store.author(id: call.path, owner: context.principal.userID) { row in
                var json = JSONWriter()
                row.write(to: &json)
                return (json.bytes, [.eTag: row.entityTag])
            }
        }
    }

    @Sendable private func list(
        _ call: EndpointRequest<Empty, AuthorQuery>, _ context: CallerContext
    ) async throws -> EndpointReply<AuthorPage> {
        let request = call.request
        if let format = AuthorFileRoutes.format(acceptedBy: request) {
            return .made(try bulk.list(call.asFile(of: Endpoints.authorFile), context, format))
        }
        return try await kept(request, context) { revision in
            var query = try call.query()
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

    /// The cached reply to the same request if the owner has changed nothing since, otherwise a reply from `read`.
    private func kept<Output>(
        _ request: Request, _ context: CallerContext,
        _ read: (Revision) async throws -> (json: [UInt8], headers: HTTPFields)
    ) async throws -> EndpointReply<Output> {
        // The revision is taken first: if the library changes during `read`, the cached reply is outdated at once.
        let revision = store.changes.current(of: context.principal.userID)
        let key = ReplyCache.Key(owner: context.principal.userID, target: request.uri.string)
        if let known = replies.reply(key, at: revision) {
            return .made(request.conditionally(known.headers, known.body))
        }
        var (json, headers) = try await read(revision)
        headers[.contentType] = "application/json"
        headers[.cacheControl] = "private, no-cache"
        let reply = ReplyCache.Reply(revision: revision, headers: headers, body: ByteBuffer(bytes: json))
        replies.keep(reply, for: key)
        return .made(request.conditionally(reply.headers, reply.body))
    }
}
