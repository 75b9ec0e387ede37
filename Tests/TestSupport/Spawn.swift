import Foundation

extension Program {
    /// Starts a program whose descriptors are those that the actions open.
    ///
    /// Foundation's `Process` is not used. It leaves descriptors open in this process for each program that it has
    /// run: after some hundred programs, under Debian's limit of 1024 descriptors, a launch fails with EBADF.
    /// - Parameter leadsSession: start a session; the first terminal that the program opens is its controlling
    ///   terminal.
    static func spawn(
        _ command: [String], environment: [String: String], _ actions: inout posix_spawn_file_actions_t,
        leadsSession: Bool = false
    ) throws -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // As a shell does: the servers in this process ignore SIGPIPE, which a program would inherit.
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        // Swift does not import POSIX_SPAWN_SETSID, which needs _GNU_SOURCE (spawn.h).
        let flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | (leadsSession ? 0x80 : 0)
        posix_spawnattr_setflags(&attributes, Int16(flags))

        let variables = environment.merging(["PATH": "\(buildFolder):/usr/bin:/bin"]) { given, _ in given }
        let argv = command.map { strdup($0) } + [nil]
        let envp = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { for text in argv + envp { free(text) } }
        var pid: pid_t = 0
        let failure = posix_spawn(&pid, command[0], &actions, &attributes, argv, envp)
        guard failure == 0 else {
            throw Missing(what: "a start of \(command[0]): \(String(cString: strerror(failure)))")
        }
        return pid
    }

    /// Waits for the end. Returns the exit code, or 128 plus the number of the signal.
    static func wait(for pid: pid_t) async -> Int32 {
        let status: Int32 = await withoutBlocking {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            return status
        }
        // WIFEXITED, WEXITSTATUS and WTERMSIG are macros that Swift does not import (wait(2)).
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }

    /// Runs a body that blocks on a thread of its own: the threads of Swift's tasks are few.
    static func withoutBlocking<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }
}
