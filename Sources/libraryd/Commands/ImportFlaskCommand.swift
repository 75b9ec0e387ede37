import ArgumentParser
import LibraryServer
import LibraryStore
import Shared

struct ImportFlaskCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "import-flask",
        abstract: "Import users and authors from the Flask tutorial's database, whether the daemon is up or down.",
        discussion: """
            Only reads that database. Existing passwords keep working: their hashes are hashed once more now, and \
            replaced at the next login. All rows are imported in one transaction; a row that the library has already \
            stays as it is, so the command can be run twice. Prints the result of each row; exits with 8 if a row was \
            left out.
            """)

    @OptionGroup var flags: FolderFlags

    @Flag(help: "Show what would happen; change nothing.")
    var dryRun = false

    @Option(help: "Name of the user of this library who gets the authors that name no user.")
    var owner: String?

    @Argument(help: "The tutorial's database.", completion: .file())
    var file: String

    func run() async throws {
        try await Exit.reporting {
            let report = try await flags.perform(.importFlask(path: absolute(file), owner: owner, dryRun: dryRun))
            for row in report.rows {
                let note = row.note.isEmpty ? "" : " (\(row.note))"
                print(Escaping.terminal("\(row.table) \(row.id) \(row.name): \(row.outcome)\(note)"))
            }
            for table in ["user", "author"] {
                let counts = FlaskImportReport.Row.Outcome.allCases.map { "\($0.rawValue): \(report.count(table, $0))" }
                StandardError.write(
                    "\(table)s: \(counts.joined(separator: ", "))\(dryRun ? " (nothing was changed)" : "")\n")
            }
            let skipped = report.rows.count { $0.outcome == FlaskImportReport.Row.Outcome.skipped.rawValue }
            if skipped > 0 { throw CommandError(.partial, "\(skipped) of \(report.rows.count) rows were left out") }
        }
    }
}
