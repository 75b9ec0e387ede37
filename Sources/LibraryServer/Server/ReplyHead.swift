import Foundation
import HTTPTypes
import NIOCore
import Shared
import Synchronization

/// Writes the head of a reply (RFC 9112, sections 4 and 5).
enum ReplyHead {
    /// Writes the head of a reply that did not go past ``EnvelopeMiddleware``.
    /// - Parameter connection: the value of `Connection`, if the reply has one.
    static func write(_ reply: Reply, connection: String?, date: String, to buffer: inout ByteBuffer) {
        var length = 0
        reply.forEachField { length += Self.length($0, $1) }
        let requestID = reply.requestID ?? ""
        length += requestID.utf8.count
        write(reply.status, connection: connection, date: date, length, to: &buffer) { head in
            reply.forEachField { head.write($0.rawName, $1) }
            if reply.status != .notModified { head.write("Content-Length", String(reply.body.readableBytes)) }
            head.write(HTTPField.Name.xRequestID.rawName, requestID)
            head.write(noSniff.name.rawName, noSniff.value)
            if !reply.isStorable { head.write(noStore.name.rawName, noStore.value) }
        }
    }

    /// - Parameter fields: as they are to be sent, with those that frame the body.
    static func write(
        _ status: HTTPResponse.Status, _ fields: HTTPFields, connection: String?, date: String,
        to buffer: inout ByteBuffer
    ) {
        let length = fields.reduce(0) { $0 + Self.length($1.name, $1.value) }
        write(status, connection: connection, date: date, length, to: &buffer) { head in
            for field in fields { head.write(field.name.rawName, field.value) }
        }
    }

    /// Of the line of a field, in bytes.
    private static func length(_ name: HTTPField.Name, _ value: String) -> Int {
        name.rawName.utf8.count + value.utf8.count + ": \r\n".utf8.count
    }

    /// - Parameter length: of the lines that `body` writes, in bytes; but those that every reply has may be left out.
    private static func write(
        _ status: HTTPResponse.Status, connection: String?, date: String, _ length: Int, to buffer: inout ByteBuffer,
        _ body: (inout HeadWriter) -> Void
    ) {
        let reason = status.code == 200 ? "200 OK" : "\(status.code) \(status.reasonPhrase)"
        // The lines that every reply has are shorter than 384 bytes without their texts.
        let room = 384 + reason.utf8.count + date.utf8.count + (connection?.utf8.count ?? 0) + length
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { memory in
            var head = HeadWriter(memory)
            head.write("HTTP/1.1 ")
            head.write(reason)
            head.write("\r\n")
            body(&head)
            head.write("Date", date)
            if let connection { head.write("Connection", connection) }
            head.write("\r\n")
            return head.count
        }
    }

    /// The fields that every reply has, after those of the route.
    /// - Parameter isPrivate: whether the reply says by itself how it may be stored.
    static func envelope(requestID: String, isPrivate: Bool) -> [HTTPField] {
        [HTTPField(name: .xRequestID, value: requestID), noSniff] + (isPrivate ? [] : [noStore])
    }

    private static let noSniff = HTTPField(name: .xContentTypeOptions, value: "nosniff")
    private static let noStore = HTTPField(name: .cacheControl, value: "no-store")
}

/// Writes text into memory that has room for it.
private struct HeadWriter {
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
    }

    mutating func write(_ name: String, _ value: String) {
        write(name)
        write(": ")
        write(value)
        write("\r\n")
    }

    mutating func write(_ text: String) {
        var text = text
        text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    private mutating func append(_ bytes: UnsafeRawBufferPointer) {
        precondition(bytes.count <= memory.count - count)
        UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: bytes)
        count += bytes.count
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
