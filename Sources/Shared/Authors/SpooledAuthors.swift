/// Reads the authors of a file that was received completely, one at a time.
public struct SpooledAuthors {
    private let spool: SpooledFile
    private var offset = 0
    private var isAtEnd = false
    private var lines: AuthorLines

    public init(
        _ spool: SpooledFile, _ format: AuthorLines.Format, restIsNeeded: Bool = true, unknownMembers: UnknownMembers
    ) {
        self.spool = spool
        lines = AuthorLines(format, restIsNeeded: restIsNeeded, texts: .ofNoLines, unknownMembers: unknownMembers)
    }

    /// The next line; `nil` at the end of the file.
    /// - Throws: ``AuthorLines/Fault`` if a CSV header is missing, lacks a column or is malformed,
    ///   ``SpooledFile/Failure``.
    public mutating func next() throws -> AuthorLines.Line? {
        while true {
            if let line = try lines.next(atEnd: isAtEnd) { return line }
            if isAtEnd { return nil }
            let piece = try spool.bytes(from: offset)
            offset += piece.count
            isAtEnd = piece.isEmpty
            lines.append(piece)
        }
    }
}
