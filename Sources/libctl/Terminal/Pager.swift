import Glibc
import Shared

/// A program that shows the output page by page, when the user asks for one.
final class Pager {
    /// Leaves at once if all fits one screen, keeps colours, and leaves the text on the screen.
    static let standard = "less -FRX"

    /// Where the output goes.
    let input: Int32
    private let child: pid_t

    init(_ command: String, output: Int32, environment: [String: String]) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw CommandError(.ioError, "no pipe: \(systemError())") }
        // The child gets a copy of its own; with another it would wait for itself to be done.
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO)
        func copies(_ texts: [String]) -> [UnsafeMutablePointer<CChar>?] {
            texts.map { strdup(SystemText.path($0)) } + [nil]
        }
        let words = copies(["/bin/sh", "-c", command])
        let variables = copies(environment.map { "\($0.key)=\($0.value)" })
        defer { for text in words + variables { free(text) } }
        var child: pid_t = 0
        let code = posix_spawn(&child, "/bin/sh", &actions, nil, words, variables)
        close(ends[0])
        guard code == 0 else {
            close(ends[1])
            throw CommandError(.ioError, "the pager could not be started: \(String(cString: strerror(code)))")
        }
        self.child = child
        input = ends[1]
        // The keyboard is the pager's now, and it does not end at Control-C.
        signal(SIGINT, SIG_IGN)
    }

    /// Ends the text, and returns when it has been read.
    func wait() {
        close(input)
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
    }
}
