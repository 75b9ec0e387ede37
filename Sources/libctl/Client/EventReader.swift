import Shared

/// Reads server-sent events from bytes that come in pieces (WHATWG HTML, section 9.2.6), with lines that end as the
/// daemon ends them: in LF or CRLF.
struct EventReader {
    struct Event: Equatable {
        /// `message` where the stream does not say.
        var type = "message"
        var data: [UInt8] = []
        /// The last id that came, with this event or before it.
        var id: String
    }

    /// More than any line needs, in bytes: one that never ends must not fill the memory.
    private static let longest = 1 << 20

    private var line: [UInt8] = []
    private var event: Event
    private var hasData = false
    /// Where to go on.
    private(set) var lastID: String

    /// - Parameter lastID: of the stream that this one goes on with.
    init(lastID: String) {
        self.lastID = lastID
        event = Event(id: lastID)
    }

    /// Calls `body` with each event that is whole now.
    /// - Throws: what `body` throws, and ``CommandError`` for a line that is longer than any of the daemon's.
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

    /// The event that this line ends, if it does and has data.
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
        // It goes back in a header, where nothing else may stand.
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
