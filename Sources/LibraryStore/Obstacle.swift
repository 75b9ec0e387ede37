/// What keeps writes from being stored.
package enum Obstacle: Sendable, Equatable, CustomStringConvertible {
    case slowCommit(seconds: Int64)
    case slowWrite(seconds: Int64)
    case fileReplaced
    case diskFull
    case lastWriteFailed
    case unreadable
    case unreachable
    case newerSchema

    /// Whether it may be over soon without a person.
    package var isPassing: Bool {
        switch self {
        case .slowCommit, .slowWrite, .unreachable: true
        case .fileReplaced, .diskFull, .lastWriteFailed, .unreadable, .newerSchema: false
        }
    }

    /// The reason in words, for clients and for the log.
    package var description: String {
        switch self {
        case .slowCommit(let seconds): "a commit has been on its way to the disk for \(seconds) s"
        case .slowWrite(let seconds): "a write has been under way for \(seconds) s"
        case .fileReplaced: "the database file was deleted or replaced"
        case .diskFull: "the disk is full"
        case .lastWriteFailed: "the last write could not be stored"
        case .unreadable: "the database cannot be read"
        case .unreachable: "the database server does not answer"
        case .newerSchema: "a newer libraryd has changed the database; install that one"
        }
    }
}
