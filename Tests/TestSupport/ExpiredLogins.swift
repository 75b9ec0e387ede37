import Foundation

extension TemporaryFolder {
    /// Makes the access tokens that `libctl` stores in this home look expired, so that the next command must refresh
    /// its token.
    public func expireLogins() throws {
        let file = URL(fileURLWithPath: path + "/.config/libctl/credentials.json")
        let text = try String(contentsOf: file, encoding: .utf8)
        let expired = text.replacing(/"expires_at":"[^"]*"/, with: #""expires_at":"2020-01-01T00:00:00.000Z""#)
        guard text != expired else { throw Missing(what: "a login in \(text)") }
        // Written in place, so that the file's mode does not change: `libctl` refuses a file that is not private.
        let handle = try FileHandle(forWritingTo: file)
        try handle.truncate(atOffset: 0)
        try handle.write(contentsOf: Data(expired.utf8))
        try handle.close()
    }
}
