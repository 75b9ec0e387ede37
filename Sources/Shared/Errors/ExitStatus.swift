/// How a program ends. Scripts depend on these numbers: they are added to, never changed.
///
/// From 64 on they have the names and the meaning of sysexits.h (https://man.openbsd.org/sysexits).
public enum ExitStatus: Int32, Sendable, CaseIterable {
    case done = 0
    /// Anything that has no code of its own.
    case failure = 1
    /// The user was asked, and said no.
    case declined = 2
    case notFound = 3
    case notLoggedIn = 4
    case forbidden = 5
    case conflict = 6
    case invalid = 7
    /// Part of a batch failed.
    case partial = 8
    case usage = 64
    /// The input, or a database, is not what it should be.
    case dataError = 65
    case noInput = 66
    case unavailable = 69
    case internalError = 70
    case ioError = 74
    /// The same command may succeed later.
    case temporaryFailure = 75
    /// The other side does not keep to the protocol.
    case protocolError = 76
    case noPermission = 77
    case configuration = 78
    /// As if SIGPIPE had ended it: whoever read the output wants no more. Nobody is told.
    case brokenPipe = 141
}
