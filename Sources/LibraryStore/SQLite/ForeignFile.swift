import GRDB
import Shared

/// What a file is that is no library, for the message about it.
enum ForeignFile {
    /// First bytes of files that people take for backups, with the words for them and the command that reads them.
    private static let forms: [(start: [UInt8], name: String, reader: String?)] = [
        ([0x1F, 0x8B], "compressed with gzip", "gunzip -c"),
        ([0x28, 0xB5, 0x2F, 0xFD], "compressed with zstd", "zstd -dc"),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00], "compressed with xz", "xz -dc"),
        (Array("BZh".utf8), "compressed with bzip2", "bzip2 -dc"),
        (Array("PK\u{3}\u{4}".utf8), "a zip archive", nil),
        (Array("PRAGMA foreign_keys".utf8), "SQL text, as .dump writes it", nil),
        (Array("BEGIN TRANSACTION".utf8), "SQL text, as .dump writes it", nil),
        (Array("CREATE TABLE".utf8), "SQL text, as .dump writes it", nil),
        (Array(#"{"created_at""#.utf8), "the manifest of a backup, not the backup", nil),
    ]
    private static let hint = "name a file that libraryd backup made"

    /// - Returns: `nil` for a file of no form that is known here.
    static func fault(of path: String) throws -> CommandError? {
        let beginning = try FileContents.read(path, limit: 32)
        guard let form = forms.first(where: { beginning.starts(with: $0.start) }) else { return nil }
        let file = Escaping.shell(path)
        return CommandError(
            .dataError, "\(path) is \(form.name)",
            hint: form.reader.map { "\($0) \(file) > \(file).db" } ?? hint)
    }

    /// - Parameter db: an SQLite database without the application id of a library.
    static func fault(of path: String, _ db: Database) throws -> CommandError {
        let isDump = try ["user", "author", "session"].allSatisfy { try db.tableExists($0) }
        return CommandError(
            .dataError,
            isDump
                ? "\(path) has the tables of a library but not its number, as a .dump that was read back"
                : "\(path) is not a libraryd database",
            hint: isDump ? hint : "choose another file or --data folder")
    }

    /// Whether the file is a library that was copied without its log: it is in WAL mode, as only a library in use is,
    /// and there is no log beside it (https://www.sqlite.org/fileformat2.html#file_format_version_numbers).
    static func isCopyWithoutLog(_ path: String) throws -> Bool {
        let header = try FileContents.read(path, limit: 20)
        let isInUse = header.count == 20 && header[18] == 2 && header.starts(with: Array("SQLite format 3\0".utf8))
        return try isInUse && FileStatus(path: path + "-wal") == nil
    }
}

extension SQLiteStore {
    /// What an operator must know of a file that is not a backup but a copy of a library; `nil` if it is none.
    package static func warning(ofCopy path: String) throws -> String? {
        guard try ForeignFile.isCopyWithoutLog(path) else { return nil }
        return "\(path) is a copy of library.db without library.db-wal: if the daemon ran when it was copied, the last "
            + "changes are missing; libraryd backup makes complete copies"
    }
}
