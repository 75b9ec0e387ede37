/// The reply to `GET /`: what is here, and where it is described.
public struct Welcome: Sendable, Equatable, JSONReadable, JSONWritable {
    /// Always `libraryd`.
    public let name: String
    /// The path of the OpenAPI document.
    public let openapi: String

    public init() {
        name = "libraryd"
        openapi = Endpoints.document.path
    }

    public init(from object: inout ObjectReader) {
        name = object.string("name")
        openapi = object.string("openapi")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("name", name)
            $0.member("openapi", openapi)
        }
    }
}
