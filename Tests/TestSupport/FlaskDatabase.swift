import Foundation
import GRDB

/// A database of the tutorial.
public enum FlaskDatabase {
    /// Makes one of SQL statements.
    public static func make(_ path: String, _ sql: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }

    /// Makes one of those that `Tests/Fixtures/flask/make` wrote with real Werkzeug.
    public static func make(_ path: String, fixture name: String) throws {
        let sql = try String(
            contentsOfFile: Program.repository + "/Tests/Fixtures/flask/\(name).sql", encoding: .utf8)
        try make(path, sql)
    }
}
