public import ArgumentParser
public import Shared

/// The authors of a file, one at a time, whatever the size of the file.
final class LineSource {
    private let reader: Reader
    private let talk: Talk
    private var lines: AuthorLines
    private var isAtEnd = false
    private var told = 0
    /// How many bytes have been read.
    private(set) var received = 0

    /// - Parameters:
    ///   - format: `nil` to look at the first character.
    ///   - names: other people's names of columns, by the author's field.
    init(
        _ reader: Reader, format: AuthorLines.Format?, names: [String: String] = [:], _ session: Session
    ) throws {
        self.reader = reader
        talk = session.talk
        lines = AuthorLines(try format ?? Self.guess(reader), names: names, unknownMembers: .ignored)
    }

    /// - Throws: ``CommandFailure`` `unparseable` if a CSV header has not what is needed.
    func next() throws -> AuthorLines.Line? {
        while true {
            do {
                let line = try lines.next(atEnd: isAtEnd)
                for name in lines.unknownNames.dropFirst(told) {
                    talk.warn("'\(name)' is not a field of an author; it is ignored")
                    told += 1
                }
                if line != nil || isAtEnd { return line }
            } catch {
                throw CommandFailure(
                    .unparseable, "\(error)",
                    hint: "the first line must name the columns: name,book,country,booker_prize")
            }
            if let bytes = try reader.some() {
                lines.append(bytes)
                received += bytes.count
            } else {
                isAtEnd = true
            }
        }
    }

    private static func guess(_ reader: Reader) throws -> AuthorLines.Format {
        let first = try reader.first { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
        return first == UInt8(ascii: "{") ? .ndjson : .csv
    }
}

extension AuthorLines.Format: ExpressibleByArgument {}

extension CommandFailure {
    init(_ fault: AuthorLines.Fault) {
        switch fault {
        case .syntax(let reason): self.init(.unparseable, reason)
        case .invalid(let invalid): self.init(invalid)
        }
    }
}
