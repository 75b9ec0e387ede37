/// Splits a path into folder and name, as text only: the file system is not read.
public enum PathName {
    /// The part before the last slash: `/` for a name in the root folder, `.` for a name without a slash.
    public static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    }

    /// The part after the last slash.
    public static func name(of path: String) -> String {
        String(path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...])
    }
}
