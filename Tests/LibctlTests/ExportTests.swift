import Foundation
import Shared
import TestSupport
import Testing

@testable import libctl

/// What `list` and `export` write, `import` reads.
@Suite(.serialized) struct ExportTests {
    private static let names = ["Doe, \"Jo\"", "\"Q\" is", "\"A\"", "back\\slash", "\\t", "=1+1", "Ä|;ö", "7"]

    private static func filled() async throws -> (ada: Ctl, bob: Ctl) {
        let library = try await TestLibrary()
        let (ada, bob) = (Ctl(library), Ctl(library))
        try await ada.login("ada")
        try await bob.login("bob")
        for (number, name) in names.enumerated() {
            let prize = number.isMultiple(of: 2) ? "--booker-prize" : "--no-booker-prize"
            _ = try await ada("authors", "add", "--name", name, "--book", "B", "--country", "C", prize)
        }
        return (ada, bob)
    }

    @Test(arguments: [
        "list -o tsv", "list -o tsv --headers", "list -o csv", "list -o csv --no-headers", "list -o json",
        "list -o ndjson",
        "list -o json --fields name,book,country,booker_prize", "export", "export -o csv", "export -o tsv",
        "export -o json",
        "export - -o csv --bom", "export -o tsv --bom", "list --headers --fields booker_prize,country,book,name",
    ])
    func whatIsWrittenIsRead(line: String) async throws {
        let (ada, bob) = try await Self.filled()
        let written = try await ada.line("authors " + line)
        #expect(written.code == 0, "\(written.error)")
        let read = try await bob.line("authors import -", input: written.output)
        #expect(read.error == "created \(Self.names.count), 0 failed\n")
        let fields = "authors list -o ndjson --fields name,book,country,booker_prize"
        #expect(try await bob.line(fields).output == ada.line(fields).output)
    }

    /// The name of the file says its format.
    @Test(arguments: [
        ("x.csv", "id,name,book,country,"), ("x.TSV", "id\tname\tbook\tcountry\t"), ("x.json", "[\n{\"id\":1,"),
        ("x.ndjson", "{\"id\":1,"),
        ("x", "{\"id\":1,"), ("x.csv --bom", "\u{FEFF}id,name,"), ("x.csv -o ndjson", "{\"id\":1,"),
    ])
    func theNameSaysTheFormat(arguments: String, start: String) async throws {
        let (ada, _) = try await Self.filled()
        #expect(try await ada.line("authors export \(ada.home.path)/\(arguments)").code == 0)
        let name = arguments.prefix { $0 != " " }
        let data = try Data(contentsOf: URL(fileURLWithPath: ada.home.path + "/" + name))
        #expect(data.starts(with: Data(start.utf8)), "\(String(decoding: data.prefix(40), as: UTF8.self))")
    }

    @Test(
        arguments: [
            ("x.csv -o table", 64, "import cannot read a file with -o table\n  hint: use -o csv, tsv, json or ndjson"),
            ("x -o id", 64, "import cannot read a file with -o id"),
            ("x.csv.gz", 64, "export does not write .gz files"),
            ("x.xlsx", 64, "export does not write .xlsx files"),
            ("x --bom", 64, "--bom is for CSV and TSV, not for ndjson"),
            ("no/x.csv", 74, "there is no folder "),
            (".config/libctl/credentials.json/x.csv", 74, "/credentials.json is not a folder"),
        ] as [(String, Int32, String)])
    func whatImportCannotReadIsNotWritten(arguments: String, code: Int32, said: String) async throws {
        let ctl = try await Ctl.loggedIn()
        let result = try await ctl.line("authors export \(ctl.home.path)/\(arguments)")
        #expect(result.code == code)
        #expect(result.error.contains(said), "\(result.error)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: ctl.home.path) == [".config"])
    }

    /// A folder that takes no new files is not said to be missing.
    @Test func aFolderThatTakesNoFilesIsNotMissing() async throws {
        let result = try await Ctl.loggedIn().line("authors export /proc/x.csv")
        #expect(result.error == "libctl: authors export: /proc/x.csv: No such file or directory\n")
        #expect(result.code == 74)
    }

    /// What is exported of an empty library can be imported.
    @Test(arguments: ["x", "x.ndjson", "x.json", "x.csv", "x.tsv"])
    func anEmptyLibraryGoesBothWays(name: String) async throws {
        let ctl = try await Ctl.loggedIn()
        let file = ctl.home.path + "/" + name
        #expect(try await ctl.line("authors export \(file)").code == 0)
        let rejects = name == "x.json" ? "bad" : "bad.csv"
        for options in ["", " --atomic", " --rejects \(ctl.home.path)/\(rejects)"] {
            let result = try await ctl.line("authors import \(file)\(options)")
            #expect(result.code == 0 && result.error == "created 0, 0 failed\n", "\(result.error)")
        }
        let added = try await ctl.line("authors add -f -", input: "")
        #expect(added.code == 0 && added.error == "added 0 authors, 0 failed\n", "\(added.error)")
        try Data().write(to: URL(fileURLWithPath: ctl.home.path + "/none.csv"))
        let none = try await ctl.line("authors import \(ctl.home.path)/none.csv")
        #expect(none.code == 65 && none.error == "libctl: authors import: there is no header line\n")
    }

    /// `--headers` and `--no-headers` say whether a list begins with the names of its fields.
    @Test(arguments: [
        ("-o tsv", "1\tA\n"), ("-o tsv --headers", "id\tname\n1\tA\n"), ("-o csv", "id,name\r\n1,A\r\n"),
        ("-o csv --no-headers", "1,A\r\n"), ("-o table --no-headers", "1   A\n"), ("-o table", "ID  NAME\n1   A\n"),
    ])
    func aListHasAHeaderIfItIsAskedFor(options: String, expected: String) async throws {
        let ctl = try await Ctl.loggedIn()
        #expect(try await ctl.line("authors list --fields id,name -o tsv --headers").output == "id\tname\n")
        _ = try await ctl.line("authors add --name A --book B --country C")
        #expect(try await ctl.line("authors list --fields id,name \(options)").output == expected)
    }
}
