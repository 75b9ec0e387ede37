import Foundation
import HTTPTypes
import NIOCore
import Shared
import Synchronization

/// Writes the head of a reply (RFC 9112, sections 4 and 5).
enum ReplyHead {
    /// - Parameters:
    ///   - fields: as they are to be sent, with those that frame the body.
    ///   - connection: the value of `Connection`, if the reply has one.
    static func write(
        _ status: HTTPResponse.Status, _ fields: some Sequence<HTTPField>, connection: String? = nil,
        date: String, to buffer: inout ByteBuffer
    ) {
        buffer.writeStaticString("HTTP/1.1 ")
        buffer.writeString(status.code == 200 ? "200 OK" : "\(status.code) \(status.reasonPhrase)")
        for field in fields { write(field.name.rawName, field.value, to: &buffer) }
        write("Date", date, to: &buffer)
        if let connection { write("Connection", connection, to: &buffer) }
        buffer.writeStaticString("\r\n\r\n")
    }

    private static func write(_ name: String, _ value: String, to buffer: inout ByteBuffer) {
        buffer.writeStaticString("\r\n")
        buffer.writeString(name)
        buffer.writeStaticString(": ")
        buffer.writeString(value)
    }

    /// The fields that every reply has, after those of the route.
    /// - Parameter isPrivate: whether the reply says by itself how it may be stored.
    static func envelope(requestID: String, isPrivate: Bool) -> [HTTPField] {
        var fields = [
            HTTPField(name: .xRequestID, value: requestID), HTTPField(name: .xContentTypeOptions, value: "nosniff"),
        ]
        if !isPrivate { fields.append(HTTPField(name: .cacheControl, value: "no-store")) }
        return fields
    }
}

/// The value of `Date` (RFC 9110, section 5.6.7), made once a second.
final class HTTPDate: Sendable {
    private let now: @Sendable () -> Timestamp
    private let last = Mutex((second: Int64.min, text: ""))

    init(now: @escaping @Sendable () -> Timestamp) {
        self.now = now
    }

    var text: String {
        let second = now().seconds
        return last.withLock { last in
            if last.second != second { last = (second, Self.text(second)) }
            return last.text
        }
    }

    /// - Parameter second: since 1970.
    static func text(_ second: Int64) -> String {
        var (seconds, parts) = (time_t(second), tm())
        gmtime_r(&seconds, &parts)
        let days = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        func digits(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
        return """
            \(days[Int(parts.tm_wday)]), \(digits(parts.tm_mday)) \(months[Int(parts.tm_mon)]) \
            \(1900 + Int(parts.tm_year)) \(digits(parts.tm_hour)):\(digits(parts.tm_min)):\(digits(parts.tm_sec)) GMT
            """
    }
}
