/// What a health endpoint answers when all is well; otherwise it answers a ``Problem``.
public struct Health: Sendable, Equatable, JSONReadable, JSONWritable {
    /// Always `ok`.
    public let status: String

    public init() {
        status = "ok"
    }

    public init(from object: inout ObjectReader) {
        status = object.string("status")
    }

    public func write(to json: inout JSONWriter) {
        json.object { $0.member("status", status) }
    }
}
