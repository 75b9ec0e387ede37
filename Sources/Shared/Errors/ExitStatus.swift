/// The exit status of a program. Scripts depend on these numbers, so they are added to, never changed.
///
/// The numbers from 64 to 78 have the names and meanings of sysexits.h (https://man.openbsd.org/sysexits).
public enum ExitStatus: Int32, Sendable, CaseIterable {
    case done = 0
    /// A failure that has no number of its own.
    case failure = 1
    /// The user answered no to a question.
    case declined = 2
    case notFound = 3
    case notLoggedIn = 4
    case forbidden = 5
    case conflict = 6
    case invalid = 7
    /// Some items of a batch failed.
    case partial = 8
    case usage = 64
    /// The input file or the database is malformed or damaged.
    case dataError = 65
    case noInput = 66
    case unavailable = 69
    case internalError = 70
    case ioError = 74
    /// The same command may succeed later.
    case temporaryFailure = 75
    /// The other side violated the protocol.
    case protocolError = 76
    case noPermission = 77
    case configuration = 78
    /// The reader of the output closed the pipe; nothing is printed. 128 + 13 is how a shell reports an end by
    /// SIGPIPE (signal(7)).
    case brokenPipe = 141
}
