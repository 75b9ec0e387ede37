import HTTPTypes
import Shared
import Synchronization

/// Limits how fast passwords can be guessed and accounts registered.
///
/// From the sixth wrong password in a row for an account from one address, each try is followed by a delay that
/// doubles each time. After 100 wrong passwords for an account from all addresses, only addresses that have logged in
/// to it before may try again, so that guessing does not lock the owner out. Unknown names are counted like known
/// ones. A try counts as failed until it has succeeded, so that parallel tries are limited too. The counts are in
/// memory and use a monotonic clock: they are lost at a restart, but not affected by a change of the clock.
final class Throttle: Sendable {
    /// Wrong passwords in a row that cause no delay.
    static let freeFailures = 5
    /// Wrong passwords in a row after which only known addresses may try.
    static let accountStop = 100
    /// In seconds.
    static let longestDelay: Int64 = 900
    static let registrationsPerMinute = 5
    /// Seconds after which failures are forgotten if no other follows: a day.
    private static let memory: Int64 = 86400
    /// Maximum number of accounts, and of pairs of account and address, whose failures are stored.
    private static let capacity = 10_000

    private struct Tries {
        var failures = 0
        /// When the last try began, in seconds of uptime.
        var last: Int64 = 0
        /// When the next try is admitted, in seconds of uptime.
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
        /// The addresses from which each account has logged in.
        var known: [String: Set<String>] = [:]
        /// The registrations of the last minute by address, in seconds of uptime.
        var registrations: [String: [Int64]] = [:]
    }

    private let state = Mutex(State())
    private let uptime: @Sendable () -> Int64

    /// - Parameter uptime: seconds on a clock that cannot be set.
    init(uptime: @escaping @Sendable () -> Int64) {
        self.uptime = uptime
    }

    /// Passes if a password may be tried, and counts the try as failed until ``succeeded(_:from:)`` or
    /// ``abandoned(_:from:)``.
    /// - Parameters:
    ///   - address: `nil` for the unix socket, which is exempt.
    ///   - isOwner: whether the request had a valid token of the account, so that failures from other addresses do
    ///     not count.
    /// - Throws: ``Failure`` `rate_limited`, before the password is verified.
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

    /// Takes back the count of a try whose password was not verified because of an error.
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

    /// Header fields for a failed login: the number of tries before the next delay.
    func fields(_ account: String, from address: String?) -> HTTPFields {
        guard let address else { return [:] }
        let now = uptime()
        let tries = state.withLock { $0.pairs[Pair(account: account.lowercased(), address: address)] } ?? Tries()
        return Self.fields(
            "login", Self.freeFailures, left: max(0, Self.freeFailures - tries.failures),
            in: tries.next > now ? tries.next - now : Self.memory)
    }

    /// Removes the failures of an account from this address and in total, and adds the address to the known ones.
    func succeeded(_ account: String, from address: String?) {
        guard let address else { return }
        let pair = Pair(account: account.lowercased(), address: address)
        state.withLock { state in
            state.pairs.removeValue(forKey: pair)
            state.accounts.removeValue(forKey: pair.account)
            state.known[pair.account, default: []].insert(address)
        }
    }

    /// Adds an address to the known ones of an account.
    func know(_ account: String, at address: String) {
        state.withLock { _ = $0.known[account.lowercased(), default: []].insert(address) }
    }

    /// Removes all failures of an account, for an operator or admin who has enabled it or set its password.
    func forget(_ account: String) {
        let account = account.lowercased()
        state.withLock { state in
            state.accounts.removeValue(forKey: account)
            state.pairs = state.pairs.filter { $0.key.account != account }
        }
    }

    /// The number of stored accounts or of stored pairs, whichever is larger.
    var count: Int { state.withLock { max($0.pairs.count, $0.accounts.count) } }

    /// Counts a registration.
    /// - Returns: header fields with the number of registrations that are left.
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

    /// Makes room if the table is full: removes expired entries, and if none is expired, the tenth with the fewest
    /// failures, the oldest first.
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
        return Failure(.rateLimited, "too many attempts; try again in \(wait) s", headers: headers)
    }

    /// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-10).
    private static func fields(_ policy: String, _ quota: Int, left: Int, in seconds: Int64) -> HTTPFields {
        [.rateLimitPolicy: "\"\(policy)\";q=\(quota)", .rateLimit: "\"\(policy)\";r=\(left);t=\(seconds)"]
    }
}
