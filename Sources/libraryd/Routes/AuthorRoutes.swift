import HTTPTypes
import Hummingbird
import Shared

struct AuthorRoutes {
    let store: Store
    let clock: Clock

    func add(toCallers routes: RouterGroup<CallerContext>) {
        routes.on(Endpoints.authors, use: list)
        routes.on(Endpoints.createAuthor, use: create)
        routes.on(Endpoints.createAuthorByOldPath, use: create)
        routes.on(Endpoints.author) { request, context in
            let author = try store.author(id: try id(context), owner: context.principal.userID)
            return .json(author, headers: [.eTag: author.entityTag, .cacheControl: "private, no-cache"])
        }
        routes.on(Endpoints.updateAuthor) { request, context in
            let id = try id(context)
            let patch = try await request.decode(as: AuthorPatch.self).validated()
            let author = try await store.updateAuthor(
                id: id, owner: context.principal.userID, patch, ifVersion: request.ifMatchVersions(id: id),
                at: clock.now())
            return .json(AuthorReply(Message.updated, author), headers: [.eTag: author.entityTag])
        }
        routes.on(Endpoints.deleteAuthor) { request, context in
            let id = try id(context)
            let author = try await store.deleteAuthor(
                id: id, owner: context.principal.userID, ifVersion: request.ifMatchVersions(id: id))
            return .json(AuthorReply(Message.deleted, author))
        }
    }

    @Sendable private func create(_ request: Request, _ context: CallerContext) async throws -> Response {
        let draft = try await request.decode(as: AuthorDraft.self).validated()
        let author = try await store.createAuthor(draft, owner: context.principal.userID, at: clock.now())
        return .json(
            AuthorReply(Message.created, author), status: .created,
            headers: [.location: Endpoints.author.path(String(author.id)), .eTag: author.entityTag])
    }

    @Sendable private func list(_ request: Request, _ context: CallerContext) async throws -> Response {
        guard let items = QueryItem.parse(request.uri.query ?? "") else {
            throw Failure(.invalidQuery, "The query has a broken percent escape.")
        }
        do {
            var query = try AuthorQuery(items: items)
            let page = try await store.authors(query, owner: context.principal.userID)
            var headers: HTTPFields = [:]
            if let next = page.next {
                query.after = next
                headers[.link] = "<\(Endpoints.authors.path)\(QueryItem.string(query.items))>; rel=\"next\""
            }
            return .json(bytes: page.json, headers: headers)
        } catch let invalid as InvalidFields {
            throw Failure(.invalidQuery, "The query is not valid: \(invalid).", errors: invalid.errors)
        }
    }

    /// What is not an id cannot be anybody's author.
    private func id(_ context: CallerContext) throws(Failure) -> Int64 {
        guard let id = context.parameters.get("id").flatMap({ Author.id($0) }) else {
            throw Failure(.authorNotFound)
        }
        return id
    }
}

extension HTTPField.Name {
    static let link = HTTPField.Name("Link") ?? .location
}
