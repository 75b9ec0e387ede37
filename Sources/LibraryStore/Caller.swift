package import Shared

/// Who asks, and the state of that user's library.
package struct Caller: Sendable {
    package let principal: Principal
    /// Taken before anything is read for the request.
    package let revision: Revision
    /// ``KeySalts/version``; 0 if daemons share no keys.
    package let keyVersion: Int64
    /// `nil` for an API key.
    package var tokenExpiresAt: Timestamp?

    package init(_ principal: Principal, _ revision: Revision, keyVersion: Int64 = 0) {
        self.principal = principal
        self.revision = revision
        self.keyVersion = keyVersion
    }
}

/// What is known of an API key.
package enum KeyHolder: Sendable {
    case caller(Caller)
    case expired, unknown
}

extension APIKey {
    /// Seconds for which the rows of keys that have expired are kept, 30 days, so that their owner sees why a program
    /// has failed.
    package static let keepingTime: Int64 = 30 * 86400
}

/// What the signing keys that daemons of one database share are made of: the database has the salts, the daemons have a
/// secret file. Who reads one of both can sign nothing.
package struct KeySalts: Sendable {
    /// Counts the keys.
    package let version: Int64
    /// 32 random bytes.
    package let current: [UInt8]
    package let retired: (salt: [UInt8], at: Timestamp)?

    package init(version: Int64, current: [UInt8], retired: (salt: [UInt8], at: Timestamp)?) {
        (self.version, self.current, self.retired) = (version, current, retired)
    }
}
