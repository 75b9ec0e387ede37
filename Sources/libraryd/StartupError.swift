/// Why the daemon, or one of its commands, ends: one line for people, a hint, and an exit code.
struct StartupError: Error, Equatable {
    /// The numbers of sysexits.h, and those that libctl shares.
    enum Exit: Int32 {
        case failure = 1
        case notFound = 3
        case conflict = 6
        case usage = 64
        case data = 65
        case unavailable = 69
        case inputOutput = 74
        case locked = 75
        case permission = 77
        case configuration = 78
    }

    let exit: Exit
    let reason: String
    let hint: String?

    init(_ exit: Exit, _ reason: String, hint: String? = nil) {
        self.exit = exit
        self.reason = reason
        self.hint = hint
    }
}
