import HTTPTypes
import Shared
import Synchronization

/// Bounds how fast anybody can guess passwords or register accounts.
///
/// From the sixth wrong password in a row for one account from one address each try has to wait, twice as long as the
/// one before; after 100 for one account from anywhere, only addresses from which somebody has logged in to it may go
/// on. So a stranger who guesses does not lock the owner out. Names that do not exist are counted like those that do. A
/// try counts as a failure from its beginning until it has succeeded, so that many at once are no way around. Kept in
/// memory, on a monotonic clock: a restart forgets, a clock that is set does not.
final class Throttle: Sendable {
    /// Wrong passwords in a row before the first delay.
    static let freeFailures = 5
    /// Wrong passwords in a row before the account is closed to strangers.
    static let accountStop = 100
    static let longestDelay: Int64 = 900
    static let registrationsPerMinute = 5
    /// Failures are forgotten after so many seconds without another: a day.
    private static let memory: Int64 = 86400
    /// Accounts and addresses that are kept in mind.
    private static let capacity = 10_000

    private struct Tries {
        var failures = 0
        /// Seconds of uptime.
        var last: Int64 = 0
        var next: Int64 = 0

        mutating func count(at now: Int64) {
            if now - last >= memory { failures = 0 }
            failures += 1
            last = now
        }
    }

    private struct Pair: Hashable {
        let account: String
        let address: String
    }

    private struct State {
        var pairs: [Pair: Tries] = [:]
        var accounts: [String: Tries] = [:]
        /// The addresses of each account's last logins.
        var known: [String: Set<String>] = [:]
        /// Registrations of the last minute of each address, as seconds of uptime.
        var registrations: [String: [Int64]] = [:]
    }

    private let state = Mutex(State())
    private let uptime: @Sendable () -> Int64

    /// - Parameter uptime: seconds since some moment, never set.
    init(uptime: @escaping @Sendable () -> Int64) {
        self.uptime = uptime
    }

    /// Passes if a password may be tried, and counts it as wrong until it is told otherwise.
    /// - Parameters:
    ///   - address: `nil` for the unix socket, which is exempt.
    ///   - isOwner: whether a token of the account has been shown: then nobody else's failures matter.
    /// - Throws: ``Failure`` `rate_limited`, before any password is looked at.
    func admit(_ account: String, from address: String?, isOwner: Bool = false) throws(Failure) {
        guard let address else { return }
        let pair = Pair(account: account.lowercased(), address: address)
        let now = uptime()
        let wait: Int64 = state.withLock { state in
            var wait = (state.pairs[pair]?.next ?? now) - now
            let isKnown = isOwner || state.known[pair.account]?.contains(address) == true
            if !isKnown, let all = state.accounts[pair.account], all.failures >= Self.accountStop {
                wait = max(wait, all.last + Self.memory - now)
            }
            guard wait <= 0 else { return wait }
            Self.makeRoom(&state.pairs, at: now)
            Self.makeRoom(&state.accounts, at: now)
            state.accounts[pair.account, default: Tries()].count(at: now)
            var tries = state.pairs[pair] ?? Tries()
            tries.count(at: now)
            let doublings = tries.failures - Self.freeFailures - 1
            if doublings >= 0 { tries.next = now + min(Self.longestDelay, 1 << Int64(min(doublings, 20))) }
            state.pairs[pair] = tries
            return 0
        }
        if wait > 0 { throw Self.refusal("login", Self.freeFailures, wait: wait) }
    }

    /// Takes back a try that came to no end: nobody looked at the password.
    func abandoned(_ account: String, from address: String?) {
        guard let address else { return }
        let pair = Pair(account: account.lowercased(), address: address)
        state.withLock { state in
            state.accounts[pair.account]?.failures -= 1
            guard var tries = state.pairs[pair] else { return }
            tries.failures -= 1
            if tries.failures <= Self.freeFailures { tries.next = 0 }
            state.pairs[pair] = tries.failures > 0 ? tries : nil
        }
    }

    /// Header fields for who has failed: how many tries are left before the next delay.
    func fields(_ account: String, from address: String?) -> HTTPFields {
        guard let address else { return [:] }
        let now = uptime()
        let tries = state.withLock { $0.pairs[Pair(account: account.lowercased(), address: address)] } ?? Tries()
        return Self.fields(
            "login", Self.freeFailures, left: max(0, Self.freeFailures - tries.failures),
            in: tries.next > now ? tries.next - now : Self.memory)
    }

    /// Forgets the failures of an account, and remembers where its owner is.
    func succeeded(_ account: String, from address: String?) {
        guard let address else { return }
        let pair = Pair(account: account.lowercased(), address: address)
        state.withLock { state in
            state.pairs.removeValue(forKey: pair)
            state.accounts.removeValue(forKey: pair.account)
            state.known[pair.account, default: []].insert(address)
        }
    }

    /// Remembers from where an account has been logged in to before.
    func know(_ account: String, at address: String) {
        state.withLock { _ = $0.known[account.lowercased(), default: []].insert(address) }
    }

    /// Forgets all failures of an account: somebody in charge says that it is in order.
    func forget(_ account: String) {
        let account = account.lowercased()
        state.withLock { state in
            state.accounts.removeValue(forKey: account)
            state.pairs = state.pairs.filter { $0.key.account != account }
        }
    }

    /// How many failures are kept in mind, of whichever there are more.
    var count: Int { state.withLock { max($0.pairs.count, $0.accounts.count) } }

    /// Counts a registration.
    /// - Returns: header fields that tell how many are left.
    /// - Throws: ``Failure`` `rate_limited`.
    func admitRegistration(from address: String?) throws(Failure) -> HTTPFields {
        guard let address else { return [:] }
        let now = uptime()
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

    /// Forgets what is long ago, and then a tenth: those who have failed least, and longest ago.
    private static func makeRoom<Key>(_ tries: inout [Key: Tries], at now: Int64) {
        guard tries.count >= capacity else { return }
        tries = tries.filter { now - $0.value.last < memory }
        guard tries.count >= capacity else { return }
        let least = tries.sorted { ($0.value.failures, $0.value.last) < ($1.value.failures, $1.value.last) }
        for (key, _) in least.prefix(capacity / 10) { tries.removeValue(forKey: key) }
    }

    private static func refusal(_ policy: String, _ quota: Int, wait: Int64) -> Failure {
        var headers = fields(policy, quota, left: 0, in: wait)
        headers[.retryAfter] = String(wait)
        return Failure(.rateLimited, "Too many attempts; try again in \(wait) s.", headers: headers)
    }

    /// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10).
    private static func fields(_ policy: String, _ quota: Int, left: Int, in seconds: Int64) -> HTTPFields {
        [.rateLimitPolicy: "\"\(policy)\";q=\(quota)", .rateLimit: "\"\(policy)\";r=\(left);t=\(seconds)"]
    }
}
