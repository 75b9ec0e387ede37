/// The reply of a health endpoint of a healthy daemon; a daemon that is not ready replies with a ``Problem``.
public struct Health: Sendable, Equatable, JSONReadable, JSONWritable {
    /// Always `ok`.
    public let status: String

    public init() {
        status = "ok"
    }

    public init(from object: inout ObjectReader) {
        status = object.string("status", .oneOf(["ok"]))
    }

    public func write(to json: inout JSONWriter) {
        json.object { $0.member("status", status) }
    }
}
