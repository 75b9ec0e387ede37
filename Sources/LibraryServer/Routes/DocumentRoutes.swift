import HTTPTypes
import Hummingbird
import LibraryStore
import NIOCore
import Shared

/// Tells what is here: a page for a person, the document of the API for a program.
struct DocumentRoutes: Sendable {
    /// Made once. It is the same for everyone, so it may be stored.
    private static let document = Reply(
        entityTag: "\"\(Base64URL.encode(Array(Digest.sha256(OpenAPI.json).prefix(12))))\"", isStorable: true,
        body: ByteBuffer(bytes: OpenAPI.json))

    func add(to routes: RouterGroup<GuestContext>) {
        routes.on(Endpoints.document) { request, _ in
            .made(Response(Self.document.unlessMatched(by: request.request.ifNoneMatch)))
        }
        routes.on(Endpoints.welcome) { request, _ in
            // JSON comes first, so that a program that says nothing gets it.
            let type = AcceptField(request.headers[values: .accept]).best(of: [MediaType.json, WelcomePage.mediaType])
            var reply = type == WelcomePage.mediaType ? Self.page : .json(Welcome().json)
            reply.isNegotiated = true
            return .made(Response(reply))
        }
    }

    private static let page = Reply(
        fields: [
            HTTPField(name: .contentSecurityPolicy, value: WelcomePage.securityPolicy),
            HTTPField(name: .referrerPolicy, value: "no-referrer"),
        ],
        mediaType: WelcomePage.mediaType + "; charset=utf-8", body: ByteBuffer(string: WelcomePage.html))
}
