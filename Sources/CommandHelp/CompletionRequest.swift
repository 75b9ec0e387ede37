import Glibc
import Shared

/// The question of a completion script: `---complete SHELL INDEX WORD...`, with the words as they stand on the command
/// line.
package struct CompletionRequest {
    private let shell: Candidate.Shell
    private let words: [String]
    private let index: Int
    private let quote: Character?

    /// The `COMP_TYPE` with which readline lists the candidates and inserts none: `?` (bash(1), Shell Variables).
    private static let onlyLists = "63"
    private static let longest = 200

    package static func isOne(_ arguments: [String]) -> Bool {
        // The question of the scripts of version 0.1.0, which gets no answer.
        ["---complete", "---completion"].contains(arguments.first)
    }

    /// `nil` if the arguments are no request.
    package init?(_ arguments: [String]) {
        guard arguments.count >= 3, arguments[0] == "---complete", let shell = Candidate.Shell(rawValue: arguments[1]),
            let index = Int64(decimal: arguments[2]), index <= arguments.count - 3
        else { return nil }
        self.shell = shell
        self.index = Int(index)
        let typed = arguments.dropFirst(3)
        words = typed.map(Self.unquoted)
        let last = typed.dropFirst(self.index).first
        quote = last.flatMap { word in
            word.first { "'\"".contains($0) && word.count { $0 == "'" || $0 == "\"" } % 2 == 1 }
        }
    }

    /// The lines for the script: `:files`, or a candidate each; empty if there is none.
    package func lines(_ completion: Completion, environment: (String) -> String?) -> [String] {
        switch completion.answer(words, at: index) {
        case .files: return [":files"]
        case .words(let candidates, let head):
            let isListing = shell == .bash && environment("COMP_TYPE") == Self.onlyLists
            return candidates.prefix(Self.longest).compactMap {
                $0.text(for: shell, head: head, quote: quote, isListing: isListing)
            }
        }
    }

    /// Removes quotation marks and backslashes, because shells pass words as they were typed.
    private static func unquoted(_ word: String) -> String {
        word.filter { !"'\"\\".contains($0) }
    }
}

/// Ends the process if it does not find candidates in time, so that the shell never waits long.
package enum CompletionDeadline {
    /// - Parameter given: the value of a variable, in milliseconds.
    package static func start(_ given: String?) {
        let milliseconds = min(max(1, given.flatMap { Int64(decimal: $0) } ?? 350), 60_000)
        signal(SIGALRM) { _ in _exit(0) }
        let left = timeval(tv_sec: Int(milliseconds / 1000), tv_usec: Int(milliseconds % 1000) * 1000)
        var timer = itimerval(it_interval: timeval(), it_value: left)
        setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
    }

    /// Keeps the deadline from cutting off the candidates.
    package static func end() {
        signal(SIGALRM, SIG_IGN)
    }
}
