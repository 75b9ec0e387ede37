import Foundation
import HTTPTypes
import NIOCore
import Shared
import Synchronization

/// Writes the head of a reply (RFC 9112, sections 4 and 5).
enum ReplyHead {
    /// Calls its argument with each field, in the order in which they are sent.
    typealias Fields = (_ visit: (HTTPField.Name, String) -> Void) -> Void

    /// Writes the head of a reply that did not go past ``EnvelopeMiddleware``.
    /// - Parameter connection: the value of `Connection`, if the reply has one.
    static func write(_ reply: Reply, connection: String?, date: String, to buffer: inout ByteBuffer) {
        let length = reply.status == .notModified ? nil : String(reply.body.readableBytes)
        write(reply.status, connection: connection, date: date, to: &buffer) { visit in
            reply.forEachField(visit)
            if let length { visit(.contentLength, length) }
            forEachCommonField(
                requestID: reply.requestID ?? "", timing: reply.serverTiming, hasCacheControl: reply.isStorable, visit)
        }
    }

    /// - Parameter fields: as they are to be sent, with those that frame the body.
    static func write(
        _ status: HTTPResponse.Status, _ fields: HTTPFields, connection: String?, date: String,
        to buffer: inout ByteBuffer
    ) {
        write(status, connection: connection, date: date, to: &buffer) { visit in
            for field in fields { visit(field.name, field.value) }
        }
    }

    private static func write(
        _ status: HTTPResponse.Status, connection: String?, date: String, to buffer: inout ByteBuffer, _ fields: Fields
    ) {
        let line = status.code == 200 ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n"
        var length = line.utf8.count + Self.length(.date, date) + "\r\n".utf8.count
        if let connection { length += Self.length(.connection, connection) }
        fields { length += Self.length($0, $1) }
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: length) { memory in
            var head = HeadWriter(memory)
            head.write(line)
            fields { head.write($0, $1) }
            head.write(.date, date)
            if let connection { head.write(.connection, connection) }
            head.write("\r\n")
            return head.count
        }
    }

    /// Length of the line of a field, in bytes.
    private static func length(_ name: HTTPField.Name, _ value: String) -> Int {
        name.rawName.utf8.count + value.utf8.count + ": \r\n".utf8.count
    }

    /// Calls `visit` with the fields that every reply has, after those of the route.
    /// - Parameters:
    ///   - timing: the value of `Server-Timing`, if the reply has it.
    ///   - hasCacheControl: whether the reply says by itself how it may be stored.
    static func forEachCommonField(
        requestID: String, timing: String?, hasCacheControl: Bool, _ visit: (HTTPField.Name, String) -> Void
    ) {
        visit(.xRequestID, requestID)
        if let timing { visit(.serverTiming, timing) }
        visit(.xContentTypeOptions, "nosniff")
        if !hasCacheControl { visit(.cacheControl, "no-store") }
    }
}

/// Writes text into memory that has room for it.
private struct HeadWriter {
    private let memory: UnsafeMutableRawBufferPointer
    private(set) var count = 0

    init(_ memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
    }

    mutating func write(_ name: HTTPField.Name, _ value: String) {
        write(name.rawName)
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
