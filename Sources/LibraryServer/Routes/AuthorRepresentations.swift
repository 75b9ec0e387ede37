import LibraryStore
import NIOCore
import Shared

/// Converts rows of the store to bytes of replies without making an ``Author``.
extension AuthorRow {
    /// Writes the same JSON as ``Author/write(to:)``.
    func write(to json: inout JSONWriter) {
        json.object { writeMembers(to: &$0) }
    }

    /// Writes the members into an object that is already open.
    func writeMembers(to json: inout JSONWriter) {
        for field in AuthorField.all { writeMember(field, to: &json) }
    }

    private func writeMember(_ field: AuthorField, to json: inout JSONWriter) {
        json.name(field.word)
        switch field.kind {
        case .integer: json.integer(integer(field))
        case .text: json.string(utf8: text(field))
        case .flag: json.bool(integer(field) != 0)
        case .time: json.timestamp(Timestamp(milliseconds: integer(field)))
        }
    }

    /// Writes an object with those of the writable fields that another row has otherwise.
    func writeDifferences(from other: AuthorRow, to json: inout JSONWriter) {
        json.object {
            for field in AuthorField.writable {
                let isSame =
                    field.kind == .text
                    ? text(field).elementsEqual(other.text(field)) : integer(field) == other.integer(field)
                if !isSame { writeMember(field, to: &$0) }
            }
        }
    }

    /// Writes a record of comma-separated values (RFC 4180).
    func write(csv: inout [UInt8]) {
        for field in AuthorField.all {
            if field != .id { csv.append(UInt8(ascii: ",")) }
            switch field.kind {
            case .integer: csv.append(contentsOf: String(integer(field)).utf8)
            case .text: Escaping.csv(text(field), to: &csv)
            case .flag: csv.append(contentsOf: (integer(field) != 0 ? "true" : "false").utf8)
            case .time: csv.append(contentsOf: Timestamp(milliseconds: integer(field)).description.utf8)
            }
        }
        csv.append(contentsOf: [UInt8(ascii: "\r"), UInt8(ascii: "\n")])
    }

    /// The header line of a CSV file.
    static var csvHeader: String { AuthorField.all.map(\.name).joined(separator: ",") + "\r\n" }

    /// The entity tag of this version of the author, a strong validator (RFC 9110, section 8.8.3).
    var entityTag: String { Author.entityTag(id: integer(.id), version: integer(.version)) }
}

extension AuthorRows {
    /// The rows as the JSON of an ``AuthorPage``, and the cursor of the next page.
    func page() throws -> (json: ByteBuffer, next: String?) {
        var json = JSONWriter(reservingCapacity: 64 + 256 * min(limit, 100))
        var next: String?
        try json.object {
            try $0.member("list_of_authors") {
                try $0.array { json in next = try forEach { $0.write(to: &json) } }
            }
            $0.member("next", next)
        }
        return (json.withBytes { ByteBuffer(bytes: $0) }, next)
    }

    /// The rows as a part of a file, and the cursor of the next part.
    func part(as format: AuthorLines.Format) throws -> (bytes: ByteBuffer, next: String?) {
        switch format {
        case .csv:
            var csv: [UInt8] = []
            let next = try forEach { $0.write(csv: &csv) }
            return (ByteBuffer(bytes: csv), next)
        case .ndjson:
            var json = JSONWriter(reservingCapacity: 192 * limit)
            let next = try forEach {
                $0.write(to: &json)
                json.endLine()
            }
            return (json.withBytes { ByteBuffer(bytes: $0) }, next)
        }
    }
}

extension EventRow {
    /// Writes the same JSON as ``AuthorEvent/write(to:)``.
    func write(to json: inout JSONWriter) {
        json.object {
            $0.member("event_id", "\(position)")
            $0.member("event", kind)
            $0.member("at", at)
            author.writeMembers(to: &$0)
            if let before { $0.member("old") { before.writeDifferences(from: author, to: &$0) } }
            ChangeOrigin(session: session, client: client, importID: importID).writeMembers(to: &$0)
        }
    }
}

extension ChangeRows {
    /// The rows as the JSON of a ``ChangePage``.
    func page() throws -> [UInt8] {
        var json = JSONWriter(reservingCapacity: 64 + 384 * min(limit, 100))
        var next: EventPosition?
        try json.object {
            try $0.member("list_of_changes") {
                try $0.array { json in next = try forEach { $0.write(to: &json) } }
            }
            $0.member("next", next?.description)
        }
        return json.bytes
    }
}

extension EventRows {
    /// The events as server-sent events (WHATWG HTML, section 9.2), and the page that they make.
    func stream() throws -> (bytes: [UInt8], page: EventPage) {
        var bytes: [UInt8] = []
        let page = try forEach { event in
            let id = "\(event.position)"
            var json = JSONWriter(reservingCapacity: 384)
            event.write(to: &json)
            bytes += AuthorEvent.serverSent(id: id, event.kind, data: json.bytes)
        }
        return (page.isReset ? page.position.reset : bytes, page)
    }
}

extension AuthorEvent {
    /// A server-sent event (WHATWG HTML, section 9.2).
    static func serverSent(id: String, _ kind: String, data: [UInt8]) -> [UInt8] {
        Array("id: \(id)\nevent: \(kind)\ndata: ".utf8) + data + Array("\n\n".utf8)
    }
}

extension EventPosition {
    /// The server-sent event that asks the client to read the list again and to continue from this position.
    var reset: [UInt8] {
        Array("event: \(AuthorEvent.reset)\nid: \(self)\ndata: {}\n\n".utf8)
    }
}

extension Revision {
    /// The entity tag of every list of the owner, a strong validator (RFC 9110, section 8.8.3). It includes the
    /// owner, because a client with several accounts sees their lists at the same URL.
    var entityTag: String { "\"\(run)-\(owner)-\(changes)\"" }
}
