import HTTPTypes
import Hummingbird
import LibraryStore
import NIOCore
import Shared

struct AuthorRoutes: Sendable {
    let store: any Store
    let clock: Clock
    private let replies = ReplyCache()
    private let bulk: AuthorFileRoutes

    init(store: any Store, clock: Clock, behindProxy: Bool) {
        self.store = store
        self.clock = clock
        bulk = AuthorFileRoutes(store: store, clock: clock, behindProxy: behindProxy)
    }

    func add(toCallers routes: RouterGroup<CallerContext>) {
        routes.on(Endpoints.authors, use: list)
        routes.on(Endpoints.createAuthor, use: createOrList)
        routes.on(Endpoints.createAuthorByOldPath, use: create)
        routes.on(Endpoints.author, use: show)
        routes.on(Endpoints.updateAuthor) { request, context in
            let id = request.path
            let patch = try await context.decode(request).validated()
            let (author, isChanged) = try await store.updateAuthor(
                id: id, owner: context.principal.userID, from: context.principal.origin, patch,
                ifVersion: request.request.versionCondition(id: id), at: clock.now())
            return .value(
                AuthorReply(isChanged ? Message.updated : Message.unchanged, author),
                headers: [.eTag: author.entityTag])
        }
        routes.on(Endpoints.deleteAuthor) { request, context in
            let id = request.path
            let author = try await store.deleteAuthor(
                id: id, owner: context.principal.userID, from: context.principal.origin,
                ifVersion: request.request.versionCondition(id: id), at: clock.now())
            return .value(AuthorReply(Message.deleted, author))
        }
    }

    /// The origin tutorial reads the list with `POST` too, without a body.
    @Sendable private func createOrList(
        _ call: EndpointRequest<Empty, AuthorDraft>, _ context: CallerContext
    ) async throws -> EndpointReply<AuthorReply> {
        guard try await call.request.isEmpty else { return try await create(call, context) }
        let place = place(call.request.uri.string, context.caller)
        return .made(Response(try await page(AuthorQuery(), place, context.principal)))
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
        let json = try await request.jsonBody()
        let principal = try await context.confirm()
        return .made(
            Response(
                try await withCheckedThrowingContinuation { continuation in
                    create(json, key, principal) { continuation.resume(with: $0) }
                }))
    }

    /// Adds an author.
    /// - Parameters:
    ///   - json: the ``AuthorDraft``.
    ///   - principal: confirmed, now that the body is whole.
    ///   - completion: called once, on this thread or, after a commit, on another.
    func create(
        _ json: [UInt8], _ key: String?, _ principal: Principal,
        completion: @escaping @Sendable (Result<Reply, any Error>) -> Void
    ) {
        do {
            let body = try AuthorDraft(json: json, unknownMembers: .rejected)
            let draft = try body.validated()
            let request = IdempotentRequest(key, "author", content: key == nil ? [] : draft.json)
            store.createAuthor(
                draft, owner: principal.userID, from: principal.origin, as: request, at: clock.now()
            ) { result in
                completion(
                    result.map { author in
                        var reply = Reply.json(AuthorReply(Message.created, author).json, status: .created)
                        reply.location = Endpoints.author.path(author.id)
                        reply.entityTag = author.entityTag
                        return reply
                    })
            }
        } catch {
            completion(.failure(error))
        }
    }

    @Sendable private func show(
        _ call: EndpointRequest<Int64, Empty>, _ context: CallerContext
    ) async throws -> EndpointReply<Author> {
        let (request, tags) = (call.request, call.request.ifNoneMatch)
        let place = place(request.uri.string, context.caller)
        if let known = place.reply { return .made(Response(known.unlessMatched(by: tags))) }
        let reply = try await store.author(id: call.path, owner: context.principal.userID) { Reply($0) }
        return .made(Response(place.keep(reply).unlessMatched(by: tags)))
    }

    /// The author of that id; `nil` if the store has to wait for it.
    /// - Parameter target: of the request.
    /// - Throws: ``StoreError`` `authorNotFound`.
    func author(_ id: Int64, _ target: String, _ caller: Caller, ifNoneMatch tags: [String]) throws -> Reply? {
        let place = place(target, caller)
        if let known = place.reply { return known.unlessMatched(by: tags) }
        let reply = try store.authorAtOnce(id: id, owner: caller.principal.userID) { Reply($0) }
        return reply.map { place.keep($0).unlessMatched(by: tags) }
    }

    @Sendable private func list(
        _ call: EndpointRequest<Empty, AuthorQuery>, _ context: CallerContext
    ) async throws -> EndpointReply<AuthorPage> {
        let (request, principal) = (call.request, context.principal)
        if let format = try AuthorFileRoutes.format(acceptedBy: request) {
            return .made(try await bulk.list(call.asFile(of: Endpoints.authorFile), context, format))
        }
        let place = place(request.uri.string, context.caller)
        if let known = place.reply { return .made(Response(known.unlessMatched(by: request.ifNoneMatch))) }
        let page = try await page(try call.query(), place, principal)
        return .made(Response(page.unlessMatched(by: request.ifNoneMatch)))
    }

    private func page(
        _ query: AuthorQuery, _ place: ReplyCache.Place, _ principal: Principal
    ) async throws -> Reply {
        let page = try await TargetQuery.check {
            try await store.authors(query, owner: principal.userID) { try $0.page() }
        }
        return place.keep(.page(page, query, place.revision))
    }

    /// A page to which an index leads, or that is cached; `nil` if it may take long to read.
    /// - Parameter target: of the request.
    /// - Throws: ``Failure`` `invalid_query`, ``StoreError``.
    func page(_ target: String, _ caller: Caller, ifNoneMatch tags: [String]) throws -> Reply? {
        let place = place(target, caller)
        if let known = place.reply { return known.unlessMatched(by: tags) }
        let query = try TargetQuery.read(target) { items throws(InvalidFields) in
            try QueryItem.check(items, among: AuthorQuery.parameters)
            return try AuthorQuery(items: items)
        }
        let owner = caller.principal.userID
        let page = try TargetQuery.check { try store.authorsAtOnce(query, owner: owner) { try $0.page() } }
        return page.map { place.keep(.page($0, query, place.revision)).unlessMatched(by: tags) }
    }

    /// Where a reply to the caller is cached.
    private func place(_ target: String, _ caller: Caller) -> ReplyCache.Place {
        replies.place(target, at: caller.revision)
    }
}

extension Reply {
    fileprivate init(_ author: AuthorRow) {
        var json = JSONWriter()
        author.write(to: &json)
        self.init(entityTag: author.entityTag, isStorable: true, body: json.withBytes { ByteBuffer(bytes: $0) })
    }

    fileprivate static func page(
        _ page: (json: ByteBuffer, next: String?), _ query: AuthorQuery, _ revision: Revision
    ) -> Reply {
        var reply = Reply(
            entityTag: revision.entityTag, isNegotiated: true, isStorable: true, body: page.json)
        if let next = page.next {
            var query = query
            query.after = next
            reply.link = "<\(Endpoints.authors.path)\(QueryItem.string(query.items))>; rel=\"next\""
        }
        return reply
    }
}
