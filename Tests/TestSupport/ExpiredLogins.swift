import Foundation

extension TemporaryFolder {
    /// Lets the access tokens that `libctl` keeps in this home look expired, so that whoever comes next must refresh
    /// them.
    public func expireLogins() throws {
        let file = URL(fileURLWithPath: path + "/.config/libctl/credentials.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        let expired = text.replacing(/"expires_at":"[^"]*"/, with: #""expires_at":"2020-01-01T00:00:00.000Z""#)
        guard text != expired else { throw Missing(what: "a login in \(text)") }
        // In place: the file stays private.
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(expired.utf8))
        try handle.close()
    }
}
