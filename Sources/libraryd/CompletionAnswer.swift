import ArgumentParser
import CommandHelp
import Foundation
import LibraryServer
import LibraryStore
import Shared

/// Answers the shells: the completion scripts, and the candidates for a word.
enum CompletionAnswer {
    /// Milliseconds that a completion may take.
    static let variable = Settings.environmentPrefix + "COMPLETION_MS"

    /// Writes the completion script or the candidates; `false` if the arguments ask for neither.
    static func run(_ arguments: [String]) -> Bool {
        if CompletionRequest.isOne(arguments) {
            let environment = ProcessInfo.processInfo.environment
            CompletionDeadline.start(environment[variable])
            let completion = Completion(Libraryd.self, optionsOfGroups: ServeCommand.self)
            // No failure is reported to a shell.
            let lines = CompletionRequest(arguments)?.lines(completion) { environment[$0] } ?? []
            CompletionDeadline.end()
            if !lines.isEmpty { print(lines.joined(separator: "\n")) }
            return true
        }
        guard let script = CompletionScript.asked(by: arguments, program: "libraryd") else { return false }
        print(script)
        return true
    }

    /// Names of all users, if the daemon of the library is up.
    static func users(_ words: [String], _ index: Int, _ prefix: String) -> [String] {
        var flags = FolderFlags.parseOrExit([])
        for (option, value) in zip(words, words.dropFirst()) {
            if option == "--data" { flags.data = value }
            if option == "--config" { flags.config = value }
        }
        let folder = try? flags.settings(warns: false).data
        // No failure is reported to a shell.
        let users = folder.flatMap {
            try? OperatorSocket.ask(OperatorCommand.list, at: DataFolder.operatorSocketPath(in: $0))?.users
        }
        return (users ?? []).filter { $0.name.hasPrefix(prefix) && Registration.fault(inName: $0.name) == nil }
            .map { Candidate($0.name, $0.admin ? "admin" : "user").line }
    }
}
