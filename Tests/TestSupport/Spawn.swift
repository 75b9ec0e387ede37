import Foundation

extension Program {
    /// Starts a program whose descriptors are those that the actions open.
    ///
    /// Not Foundation's `Process`, which leaves descriptors open here for each program that it has run: after some
    /// hundred of them, under Debian's limit of 1024, a launch fails with EBADF. Here the child opens its own.
    /// - Parameter leadsSession: with the first terminal that it opens as its controlling one.
    static func spawn(
        _ command: [String], environment: [String: String], _ actions: inout posix_spawn_file_actions_t,
        leadsSession: Bool = false
    ) throws -> pid_t {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // As from a shell: the servers in this process ignore SIGPIPE, which a program would inherit.
        var signals = sigset_t()
        sigfillset(&signals)
        posix_spawnattr_setsigdefault(&attributes, &signals)
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        // POSIX_SPAWN_SETSID is behind _GNU_SOURCE, so Swift does not see it (spawn.h).
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

    /// Waits for the end; returns the exit code, or 128 and the number of the signal.
    static func wait(for pid: pid_t) async -> Int32 {
        let status: Int32 = await withoutBlocking {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            return status
        }
        // WIFEXITED and its kin are macros (wait(2)).
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }

    /// Runs what blocks on a thread of its own: those of Swift's tasks are few.
    static func withoutBlocking<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }
}
