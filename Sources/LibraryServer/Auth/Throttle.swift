import HTTPTypes
import LibraryStore
import Shared
import Synchronization

/// Limits how fast passwords can be guessed and accounts registered.
///
/// From the sixth wrong password in a row for an account from one address, each try is followed by a delay that
/// doubles each time. After 100 wrong passwords for an account from all addresses, only addresses that have logged in
/// to it before may try again, so that guessing does not lock the owner out. Unknown names are counted like known
/// ones.
///
/// The counts are in memory and use a monotonic clock: they are lost at a restart, but not affected by a change of the
/// clock. Daemons that share a database count there.
final class Throttle: Sendable {
    static let registrationsPerMinute = 5
    /// Maximum number of accounts, and of pairs of account and address, whose failures are stored.
    private static let capacity = 10_000

    private struct Pair: Hashable {
        let account: String
        let address: String
    }

    private struct State {
        var pairs: [Pair: LoginTries.Count] = [:]
        var accounts: [String: LoginTries.Count] = [:]
        /// The addresses from which each account has logged in.
        var known: [String: Set<String>] = [:]
        /// The registrations of the last minute by address, in seconds of uptime.
        var registrations: [String: [Int64]] = [:]
    }

    private let state = Mutex(State())
    private let clock: Clock
    private let store: (any Store)?

    /// - Parameter store: counts itself if several daemons use its database, by the clock that they share.
    init(_ clock: Clock, store: (any Store)? = nil) {
        self.clock = clock
        self.store = store
    }

    /// Passes if a password may be tried, and counts the try as failed until ``succeeded(_:from:)`` or
    /// ``abandoned(_:from:)``.
    /// - Parameters:
    ///   - address: `nil` for the unix socket, which is exempt.
    ///   - isOwner: whether the request had a valid token of the account, so that failures from other addresses do
    ///     not count.
    /// - Throws: ``Failure`` `rate_limited`, before the password is verified; ``StoreError``.
    func admit(_ account: String, from address: String?, isOwner: Bool = false) async throws {
        guard let address else { return }
        let wait = try await change(account, address) { $0.admit(isOwner: isOwner, at: $1) }
        if wait > 0 { throw Self.refusal("login", Int(LoginTries.freeFailures), wait: wait) }
    }

    /// Takes back the count of a try whose password was not verified because of an error.
    func abandoned(_ account: String, from address: String?) async {
        guard let address else { return }
        try? await change(account, address) { tries, _ in tries.abandon() }
    }

    /// Header fields for a failed login: the number of tries before the next delay.
    func fields(_ account: String, from address: String?) async throws -> HTTPFields {
        guard let address else { return [:] }
        let left = try await change(account, address) { $0.left(at: $1) }
        return Self.fields("login", Int(LoginTries.freeFailures), left: Int(left.tries), in: left.seconds)
    }

    /// Removes the failures of an account from this address and in total, and adds the address to the known ones.
    func succeeded(_ account: String, from address: String?) async throws {
        guard let address else { return }
        try await change(account, address) { tries, _ in tries.succeed() }
        know(account, at: address)
    }

    /// Adds an address to the known ones of an account.
    func know(_ account: String, at address: String) {
        state.withLock { _ = $0.known[account.lowercased(), default: []].insert(address) }
    }

    /// Removes all failures of an account, for an operator or admin who has enabled it or set its password.
    func forget(_ account: String) async throws {
        let account = account.lowercased()
        state.withLock { state in
            state.accounts.removeValue(forKey: account)
            state.pairs = state.pairs.filter { $0.key.account != account }
        }
        try await store?.forgetTries(of: account)
    }

    /// The number of stored accounts or of stored pairs, whichever is larger.
    var count: Int { state.withLock { max($0.pairs.count, $0.accounts.count) } }

    /// Changes what is counted for an account and an address.
    /// - Parameter body: takes the counts, and the time in seconds.
    private func change<Value: Sendable>(
        _ account: String, _ address: String, _ body: @escaping @Sendable (inout LoginTries, Int64) -> Value
    ) async throws -> Value {
        let account = account.lowercased()
        if let value = try await store?.changeTries(of: account, from: address, at: clock.now(), body) { return value }
        let pair = Pair(account: account, address: address)
        let now = clock.uptime()
        return state.withLock { state in
            let isKnown = state.known[account]?.contains(address) == true
            var tries = LoginTries(pair: state.pairs[pair], account: state.accounts[account], isKnown: isKnown)
            let value = body(&tries, now)
            Self.makeRoom(&state.pairs, at: now)
            Self.makeRoom(&state.accounts, at: now)
            state.pairs[pair] = tries.pair.failures > 0 ? tries.pair : nil
            state.accounts[account] = tries.account.failures > 0 ? tries.account : nil
            return value
        }
    }

    /// Counts a registration.
    /// - Returns: header fields with the number of registrations that are left.
    /// - Throws: ``Failure`` `rate_limited`.
    func admitRegistration(from address: String?) throws(Failure) -> HTTPFields {
        guard let address else { return [:] }
        let now = clock.uptime()
        let (wait, left): (Int64, Int) = state.withLock { state in
            if state.registrations.count >= Self.capacity {
                state.registrations = state.registrations.filter { $0.value.last ?? 0 > now - 60 }
            }
            let recent = (state.registrations[address] ?? []).filter { $0 > now - 60 }
            guard recent.count < Self.registrationsPerMinute, state.registrations.count < 10 * Self.capacity else {
                return ((recent.first ?? now) + 60 - now, 0)
            }
            state.registrations[address] = recent + [now]
            return (0, Self.registrationsPerMinute - recent.count - 1)
        }
        if wait > 0 { throw Self.refusal("register", Self.registrationsPerMinute, wait: wait) }
        return Self.fields("register", Self.registrationsPerMinute, left: left, in: 60)
    }

    /// Makes room if the table is full: removes expired entries, and if none is expired, the tenth with the fewest
    /// failures, the oldest first.
    private static func makeRoom<Key>(_ tries: inout [Key: LoginTries.Count], at now: Int64) {
        guard tries.count >= capacity else { return }
        tries = tries.filter { now - $0.value.last < LoginTries.memory }
        guard tries.count >= capacity else { return }
        let least = tries.sorted { ($0.value.failures, $0.value.last) < ($1.value.failures, $1.value.last) }
        for (key, _) in least.prefix(capacity / 10) { tries.removeValue(forKey: key) }
    }

    private static func refusal(_ policy: String, _ quota: Int, wait: Int64) -> Failure {
        var headers = fields(policy, quota, left: 0, in: wait)
        headers[.retryAfter] = String(wait)
        return Failure(.rateLimited, "too many attempts; try again in \(wait) s", headers: headers)
    }

    /// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10).
    private static func fields(_ policy: String, _ quota: Int, left: Int, in seconds: Int64) -> HTTPFields {
        [.rateLimitPolicy: "\"\(policy)\";q=\(quota)", .rateLimit: "\"\(policy)\";r=\(left);t=\(seconds)"]
    }
}
