import Glibc
import Shared

/// Lines on their way to the daemon.
struct ImportBatch {
    var body: [UInt8] = []
    var lines: [(number: Int, draft: AuthorDraft)] = []

    mutating func add(_ draft: AuthorDraft, _ number: Int) {
        body.append(contentsOf: draft.json)
        body.append(UInt8(ascii: "\n"))
        lines.append((number, draft))
    }
}

/// What became of the lines.
struct ImportTally {
    var total = 0
    var outcomes: [String: Int] = [:]
    var failures = BatchFailures()

    var stored: Int { (outcomes["created"] ?? 0) + (outcomes["updated"] ?? 0) }

    var description: String {
        let done = ["created", "updated", "skipped"].compactMap { name in
            outcomes[name].map { "\(name) \($0)" }
        }
        return (done.isEmpty ? "created 0" : done.joined(separator: ", ")) + ", \(failures.count) failed"
    }
}

/// The lines that failed, with why, so that they can be mended and imported again.
struct RejectFile {
    private let writer: Writer

    /// Calls `body` with the file of that path. It gets its name when all is done, or has failed: until then the input may be the file
    /// of that name.
    static func with(_ path: String?, _ body: (RejectFile?) throws -> Void) throws {
        guard let path else { return try body(nil) }
        var failure: (any Error)?
        try PrivateFile.replace(path) { descriptor in
            let file = RejectFile(writer: Writer(descriptor))
            do {
                try body(file)
            } catch {
                guard file.writer.hasWritten else { throw error }
                failure = error
            }
            try file.writer.flush()
        }
        if let failure { throw failure }
    }

    func add(_ line: Int, _ reason: String, _ draft: AuthorDraft?) throws {
        var json = JSONWriter()
        json.object {
            $0.member("line", Int64(line))
            $0.member("reason", reason)
            if let draft {
                $0.member("name", draft.name)
                $0.member("book", draft.book)
                $0.member("country", draft.country)
                $0.member("booker_prize", draft.bookerPrize)
            }
        }
        try writer.write(json.bytes + [UInt8(ascii: "\n")])
    }
}

/// How far a batch has come: what was done, rate, and the time that is left where the size is known.
final class Progress {
    private let talk: Talk
    private let size: Int?
    private let noun: String
    private let start = ContinuousClock.now

    /// - Parameter size: of the input, in bytes, if it is known.
    init(_ talk: Talk, size: Int?, noun: String) {
        self.talk = talk
        self.size = size
        self.noun = noun
    }

    func show(_ count: Int, _ bytes: Int) {
        let seconds = max(start.duration(to: .now) / .seconds(1), 0.001)
        var text = "\(count) \(noun), \(Int(Double(count) / seconds)) a second"
        if let size, bytes > 0, size >= bytes {
            let left = Int(Double(size - bytes) * seconds / Double(bytes))
            let filled = bytes * 20 / max(size, 1)
            text =
                "[" + String(repeating: "#", count: filled) + String(repeating: ".", count: 20 - filled) + "] "
                + "\(bytes * 100 / max(size, 1)) %, " + text + ", \(left) s left"
        }
        talk.progress(text)
    }

    func end() {
        talk.endProgress()
    }
}
