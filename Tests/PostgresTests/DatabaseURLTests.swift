import Foundation
import Testing

@testable import LibraryPostgres

struct DatabaseURLTests {
    @Test(arguments: [
        ("postgresql://ada@db.example:5433/library?sslmode=require", "db.example:5433/library"),
        ("postgres://ada@db.example/library?sslmode=require", "db.example:5432/library"),
        ("host=a,b port=1,2 dbname=library sslmode=require", "a:1,b:2/library"),
        ("host=a,b,c port=6000 dbname=library sslmode=require", "a:6000,b:6000,c:6000/library"),
        ("host=a,b port=,6000 dbname=library sslmode=require", "a:5432,b:6000/library"),
        ("host=a,b hostaddr=10.0.0.1,10.0.0.2 dbname=library sslmode=require", "a:5432,b:5432/library"),
        ("hostaddr=10.0.0.1,10.0.0.2 dbname=library sslmode=require", "10.0.0.1:5432,10.0.0.2:5432/library"),
        ("postgresql://[::1],[fd00::2]:7000/library?sslmode=require", "[::1]:5432,[fd00::2]:7000/library"),
        ("postgresql://%2Frun%2Fpg/library", "/run/pg:5432/library"),
        ("host=/run/pg,@abstract dbname=library", "/run/pg:5432,@abstract:5432/library"),
        ("dbname=library", "local:5432/library"),
        ("user=ada", "local:5432/ada"),
        ("postgresql://ada:s%40cret@a,b/library?sslmode=require&password=s%40cret", "a:5432,b:5432/library"),
    ])
    func itsDescriptionHasHostsPortsAndDatabase(text: String, description: String) throws {
        let url = try DatabaseURL(text)
        #expect("\(url)" == description)
        #expect(url.hosts.count == description.split(separator: ",").count)
        #expect(!url.needsSSLMode)
    }

    @Test func eachHostHasItsOwnParameters() throws {
        let hosts = try DatabaseURL(
            "postgresql://ada:secret@a:1,b:2/library?hostaddr=10.0.0.1,10.0.0.2&sslmode=require&connect_timeout=90"
                + "&target_session_attrs=any&client_encoding=LATIN1&application_name=x"
        ).hosts
        let common = [
            "user": "ada", "password": "secret", "dbname": "library", "sslmode": "require", "connect_timeout": "2",
            "target_session_attrs": "read-write", "client_encoding": "UTF8", "application_name": "x",
            "fallback_application_name": "libraryd",
        ]
        #expect(
            hosts.map(\.parameters) == [
                common.merging(["host": "a", "hostaddr": "10.0.0.1", "port": "1"]) { $1 },
                common.merging(["host": "b", "hostaddr": "10.0.0.2", "port": "2"]) { $1 },
            ])
        #expect(hosts.map { "\($0)" } == ["a:1/library", "b:2/library"])
    }

    @Test(arguments: [
        ("postgresql://ada@a/library", false),
        ("postgresql://ada:secret@a/library", true),
        ("postgresql://a/library?password=secret", true),
        ("host=a password=secret", true),
        ("host=a sslpassword=secret", true),
        ("host=a passfile=/secret", false),
        ("postgresql://ada:@a/library", false),
        ("postgresql://ada:secret?secret#secret@a/library", true),
    ])
    func itKnowsWhetherItHasAPassword(text: String, hasPassword: Bool) throws {
        #expect(try DatabaseURL(text).hasPassword == hasPassword)
    }

    @Test(arguments: [
        ("host=a", true), ("host=localhost,a", true), ("host=10.0.0.1", true),
        ("host=localhost hostaddr=10.0.0.1", true),
        ("host=fd00::1", true), ("host=127.1.example", true), ("host=128.0.0.1", true), ("host=::2", true),
        ("host=a sslmode=disable", false), ("host=a sslmode=prefer", false), ("host=localhost", false),
        ("host=127.0.0.9", false), ("host=::1", false), ("host=a hostaddr=127.0.0.1", false), ("host=/run", false),
        ("dbname=a", false), ("host=/run,localhost", false),
    ])
    func aServerElsewhereNeedsSSLMode(text: String, needsSSLMode: Bool) throws {
        #expect(try DatabaseURL(text).needsSSLMode == needsSSLMode)
    }

    @Test(arguments: [
        "", "library", "postgresql://ada:canary@a/b?nonsense=1", "postgresql://ada:canary@a/b?canary",
        "postgresql://ada:ca%zznary@a", "postgresql://ada:canary@[::1/b", "host=a password='canary",
        "host=a password=cana\"ry canary", "postgresql://ada:cana\0ry@a", "postgresql://ada:pass@canary@a/b",
        "postgresql://ada:pass/canary@a/b", "postgresql://ada:12/canary@a/b", "postgresql://ada:canary/a",
        "postgresql://a/b?user=c&options=canary@a",
        "host=a,b hostaddr=10.0.0.1 password=canary", "host=a,b port=1,2,3 password=canary",
        "host=a port=canary", "host=a port=0", "host=a port=65536", "host=a port=+5", "canary=1",
        "host=a password=ü canary", "postgresql://ada:canary@a/b?sslmode=x@y",
    ])
    func aBadOneIsAnErrorThatShowsNothingOfIt(text: String) {
        let error = #expect(throws: PostgresError.self) { try DatabaseURL(text) }
        guard case .badURL(let message)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(!message.contains("canary") && !message.contains("cana"))
        #expect(message.hasPrefix("the database URL "))
    }

    @Test func libpqSaysWhatItDoesNotUnderstand() {
        #expect(
            throws: PostgresError.badURL(
                "the database URL cannot be read: invalid URI query parameter: \"…\"; write "
                    + "postgresql://USER@HOST:PORT/DATABASE, and in a password %40 for @ and %2F for /")
        ) { try DatabaseURL("postgresql://a/b?sslmod=require") }
    }
}
