import CPostgres
import Glibc

/// Options of a connection as libpq reads them (PostgreSQL 15 documentation, section 34.1.2).
struct ConnectionOptions {
    /// By name, without empty ones.
    private(set) var values: [String: String] = [:]
    /// The values that libpq takes for options that nobody sets.
    private(set) var defaults: [String: String] = [:]

    /// The options of a connection string.
    /// - Throws: ``PostgresError/badURL(_:)``, which repeats no part of the text: any may belong to a password.
    init(parsing text: String) throws {
        var message: UnsafeMutablePointer<CChar>?
        guard let options = cpostgres_conninfoParse(text, &message) else {
            defer { message.map { cpostgres_freemem($0) } }
            throw PostgresError.badURL(Self.reason(message.map { String(cString: $0) } ?? "", in: text))
        }
        self.init(options)
    }

    /// The options with those of the service, of the environment and of libpq itself where they say nothing.
    ///
    /// libpq tells them only of a connection. An invalid option keeps it from beginning to make one.
    /// - Throws: ``PostgresError/badURL(_:)`` if the service is not known, or cannot be read.
    func completed() throws -> ConnectionOptions {
        let marker = "none"
        let parameters = values.merging(["target_session_attrs": marker]) { $1 }
        guard let handle = startConnection(parameters) else { throw PostgresError.lost("out of memory") }
        defer { cpostgres_finish(handle) }
        guard let options = cpostgres_conninfo(handle) else { throw PostgresError.lost("out of memory") }
        let complete = ConnectionOptions(options)
        guard complete["target_session_attrs"] == marker else {
            let reason = String(cString: cpostgres_errorMessage(handle)).firstLine
            throw PostgresError.badURL("the database URL cannot be used: \(reason)")
        }
        return complete
    }

    subscript(_ name: String) -> String? { values[name] }

    /// Takes what libpq has allocated, and frees it.
    private init(_ options: UnsafeMutablePointer<PQconninfoOption>) {
        defer { cpostgres_conninfoFree(options) }
        var option = options
        while let keyword = option.pointee.keyword {
            let name = String(cString: keyword)
            if let value = option.pointee.val, value.pointee != 0 { values[name] = String(cString: value) }
            if let value = option.pointee.compiled { defaults[name] = String(cString: value) }
            option += 1
        }
    }

    /// The reason that libpq gives, without the parts that it quotes.
    private static func reason(_ message: String, in text: String) -> String {
        let parts = message.firstLine.split(separator: "\"", omittingEmptySubsequences: false)
        // Else the quotes may not be those of libpq, or of another language.
        let isClear = !text.contains("\"") && message.utf8.allSatisfy { $0 < 0x80 } && !parts.count.isMultiple(of: 2)
        let words = parts.enumerated().map { $0.isMultiple(of: 2) || $1.count == 1 ? String($1) : "…" }
        return "the database URL cannot be read" + (isClear ? ": \(words.joined(separator: "\""))" : "")
            + "; write postgresql://USER@HOST:PORT/DATABASE, and in a password %40 for @ and %2F for /"
    }
}

/// Calls PQconnectStartParams.
func startConnection(_ parameters: [String: String]) -> OpaquePointer? {
    let names = parameters.keys.map { strdup($0) } + [nil]
    let values = parameters.values.map { strdup($0) } + [nil]
    defer { for text in names + values { free(text) } }
    return cpostgres_connectStart(names.map { UnsafePointer($0) }, values.map { UnsafePointer($0) })
}
