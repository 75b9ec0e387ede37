import Glibc
import LibraryStore
import Shared

/// The user whose library it is. Only this user may open it and ask its daemon, not even root: files that root creates
/// in the folder could not be opened by the daemon.
enum FolderOwner {
    /// Passes if the folder belongs to this user or is missing.
    /// - Throws: ``CommandError`` `noPermission`, with the command to run instead.
    static func require(_ folder: String) throws {
        guard let status = try? FileStatus(path: folder), status.owner != geteuid() else { return }
        throw CommandError(
            .noPermission, "\(folder) belongs to \(UserName.of(status.owner)), and this is \(UserName.of(geteuid()))",
            hint: UserName.name(status.owner).map { command(as: $0, SystemText.arguments(), folder) }
                ?? "run the command as that user")
    }

    /// The same command line for another user, whose environment may be another.
    static func command(as user: String, _ arguments: [String], _ folder: String) -> String {
        let isNamed = arguments.contains { $0 == "--data" || $0.hasPrefix("--data=") }
        let words = ["sudo", "-u", user, "libraryd"] + arguments + (isNamed ? [] : ["--data", folder])
        return words.map { Escaping.shell($0) }.joined(separator: " ")
    }
}
