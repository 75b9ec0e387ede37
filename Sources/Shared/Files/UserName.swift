import Glibc

/// Names of the system's users.
public enum UserName {
    /// `libraryd (uid 998)`, or `uid 998` for a user without a name.
    public static func of(_ id: UInt32) -> String {
        name(id).map { "\($0) (uid \(id))" } ?? "uid \(id)"
    }

    /// The name in the password database (getpwuid_r(3)).
    public static func name(_ id: UInt32) -> String? {
        var (entry, found) = (passwd(), UnsafeMutablePointer<passwd>?.none)
        var buffer = [CChar](repeating: 0, count: 16384)
        return buffer.withUnsafeMutableBufferPointer { buffer in
            guard let start = buffer.baseAddress, getpwuid_r(id, &entry, start, buffer.count, &found) == 0,
                found != nil,
                let name = entry.pw_name
            else { return nil }
            return String(cString: name)
        }
    }
}
