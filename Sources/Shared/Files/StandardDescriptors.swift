import Glibc

/// Opens `/dev/null` for each standard descriptor that was closed when the program started. Otherwise a file that is
/// opened later would get its number, and output or the log would go into that file. Every use fails: standard input
/// is opened write-only, the outputs read-only.
public func openClosedStandardDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
        _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
}
