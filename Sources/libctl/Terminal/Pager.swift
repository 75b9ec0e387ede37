import Glibc
import Shared

/// A child process that shows the output page by page, if the user asks for a pager.
final class Pager {
    /// less(1) exits at once if the text fits on one screen (-F), shows colors (-R) and leaves the text there (-X).
    static let standard = "less -FRX"

    /// The write end of the pipe that the pager reads.
    let input: Int32
    let command: String
    private let child: pid_t
    /// All text so far, as long as it may be that nothing has read it; then `nil`.
    private var unread: [UInt8]? = []
    /// In bytes. A pipe holds less than this (pipe(7)), so whoever lets more be written does read.
    private static let largestPipe = 1 << 20
    private static let ignored = [SIGINT, SIGPIPE]

    init(_ command: String, output: Int32, environment: [String: String]) throws {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw CommandError(.ioError, "the pager could not be started: \(systemError())") }
        // The child has the read end as standard input. With the write end open too, it would wait for more text
        // forever.
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
        self.command = command
        input = ends[1]
        // Control-C is for the pager, which continues after it. libctl must not end before the pager, nor because the
        // pager has ended. The child has the signals as they were.
        for number in Self.ignored { signal(number, SIG_IGN) }
    }

    /// Keeps text that is about to be written to ``input``, for ``end()``.
    func remember(_ text: [UInt8]) {
        unread?.append(contentsOf: text)
        if unread?.count ?? 0 > Self.largestPipe { unread = nil }
    }

    /// Closes the pipe, and waits until the pager has ended.
    /// - Returns: all text, if the shell found no such program and nothing was shown.
    func end() -> [UInt8]? {
        close(input)
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        for number in Self.ignored { signal(number, SIG_DFL) }
        // What a shell returns for a program that is not there, or is none (sh(1), exit status).
        let isMissing = status & 0x7F == 0 && [126, 127].contains(status >> 8 & 0xFF)
        return isMissing ? unread : nil
    }
}
