import Foundation
import GRDB

/// Makes databases like those of the tutorial's Flask server.
public enum FlaskDatabase {
    /// Makes a database with SQL statements.
    public static func make(_ path: String, _ sql: String) throws {
        let queue = try DatabaseQueue(path: path)
        try queue.writeWithoutTransaction { try $0.execute(sql: sql) }
        try queue.close()
    }

    /// Makes a database from one of the files that `Tests/Fixtures/flask/make` wrote with real Werkzeug.
    public static func make(_ path: String, fixture name: String) throws {
        let sql = try String(
            contentsOfFile: Program.repository + "/Tests/Fixtures/flask/\(name).sql", encoding: .utf8)
        try make(path, sql)
    }
}
