/// Reads a file that the user named as text in UTF-8, whatever its encoding, and if it is compressed by gzip.
final class FileText {
    private let reader: InputReader
    private let name: String
    private var gunzip: Gunzip?
    private var decoder: TextDecoder
    private var hasBegun = false
    private var isAtEnd = false
    /// Number of bytes of the file read so far.
    private(set) var received = 0

    /// - Parameters:
    ///   - name: of the file, for errors.
    ///   - encoding: `nil` if the text itself tells.
    init(_ reader: InputReader, name: String, _ encoding: TextEncoding?) {
        self.reader = reader
        self.name = name
        decoder = TextDecoder(encoding)
    }

    /// The next piece of the text; `nil` at its end.
    /// - Throws: ``CommandError`` `dataError` for a file that is no text.
    func next() throws -> [UInt8]? {
        guard !isAtEnd else { return nil }
        if !hasBegun { return try begin() }
        guard let bytes = try decompressed() else {
            isAtEnd = true
            return decoder.end()
        }
        return decoder.utf8(bytes)
    }

    private func begin() throws -> [UInt8] {
        hasBegun = true
        var start = try first { try stored() }
        if start.starts(with: Gunzip.magic) {
            let gunzip = try Gunzip()
            gunzip.append(start)
            self.gunzip = gunzip
            start = try first { try decompressed() }
        }
        try FileSignature.requireText(start, name: name)
        return decoder.utf8(start)
    }

    /// The first pieces: at least 8 bytes, if there are so many.
    private func first(_ piece: () throws -> [UInt8]?) rethrows -> [UInt8] {
        var start: [UInt8] = []
        while start.count < 8, let more = try piece() { start += more }
        return start
    }

    private func stored() throws -> [UInt8]? {
        let bytes = try reader.some()
        received += bytes?.count ?? 0
        return bytes
    }

    private func decompressed() throws -> [UInt8]? {
        guard let gunzip else { return try stored() }
        while true {
            if let bytes = try gunzip.next() { return bytes }
            guard let bytes = try stored() else {
                try gunzip.end()
                return nil
            }
            gunzip.append(bytes)
        }
    }
}
