import Shared

/// Parses server-sent events that arrive in pieces (WHATWG HTML, section 9.2.6). Only LF and CRLF end a line, because
/// the daemon never ends a line with CR alone.
struct EventReader {
    struct Event: Equatable {
        /// `message` if the event has no `event` field.
        var type = "message"
        var data: [UInt8] = []
        /// The id of this event, or of the last event before it that had an id.
        var id: String
    }

    /// Limit of a line in bytes, so that a line without an end cannot fill the memory.
    private static let longest = 1 << 20

    private var line: [UInt8] = []
    private var event: Event
    private var hasData = false
    /// The id after which the next stream is to begin (`Last-Event-ID`).
    private(set) var lastID: String

    /// - Parameter lastID: the id after which this stream begins, or empty.
    init(lastID: String) {
        self.lastID = lastID
        event = Event(id: lastID)
    }

    /// Calls `body` with each event that the bytes complete.
    /// - Throws: the error of `body`, and ``CommandError`` `protocolError` for a line that is too long.
    mutating func append(_ bytes: [UInt8], _ body: (Event) throws -> Void) throws {
        for byte in bytes {
            guard byte == UInt8(ascii: "\n") else {
                line.append(byte)
                guard line.count <= Self.longest else {
                    throw CommandError(.protocolError, "the stream has a line of more than 1 MiB")
                }
                continue
            }
            if line.last == UInt8(ascii: "\r") { line.removeLast() }
            if let event = take(line) { try body(event) }
            line.removeAll(keepingCapacity: true)
        }
    }

    /// Parses a line. An empty line ends an event, which is returned if it has data.
    private mutating func take(_ line: [UInt8]) -> Event? {
        guard !line.isEmpty else {
            defer {
                event = Event(id: lastID)
                hasData = false
            }
            lastID = event.id
            return hasData ? event : nil
        }
        let colon = line.firstIndex(of: UInt8(ascii: ":")) ?? line.endIndex
        var value = line[colon...].dropFirst()
        if value.first == UInt8(ascii: " ") { value = value.dropFirst() }
        switch String(decoding: line[..<colon], as: UTF8.self) {
        case "event": event.type = String(decoding: value, as: UTF8.self)
        // The id is sent back in a header, so an id with characters that are unsafe there is ignored.
        case "id" where value.allSatisfy({ (0x21...0x7E).contains($0) }):
            event.id = String(decoding: value, as: UTF8.self)
        case "data":
            if hasData { event.data.append(UInt8(ascii: "\n")) }
            event.data.append(contentsOf: value)
            hasData = true
        default: break
        }
        return nil
    }
}
