import Glibc
import Shared

/// Refreshing and saving of logins. A refresh token can be used once, so disk space for the next one is reserved
/// before. If the new tokens cannot be saved all the same, the process uses them from memory.
extension CommandContext {
    /// Exchanges the refresh token for new tokens, or returns the tokens that another process has saved meanwhile.
    func refresh(_ old: Credential) throws -> Credential {
        var renewed: (old: Credential, new: Credential)?
        do {
            return try credentials.update { all, makeRoom in
                guard let current = all.find(server: old.server, user: old.user) else {
                    throw CommandError(
                        .notLoggedIn, "another process has logged \(old.user) out", hint: "libctl login \(old.user)")
                }
                if current.token != old.token, current != unkept?.old { return current }
                try Self.beforeSpending(makeRoom)
                let new = Credential(server: old.server, user: old.user, login: try trade(old), at: io.now())
                renewed = (current, new)
                all.renew(new)
                unkept = nil
                return new
            }
        } catch {
            guard let renewed else { throw error }
            unkept = renewed
            diagnostics.warn("the renewed login of \(old.user) could not be kept: \(CommandError(error).reason)")
            return renewed.new
        }
    }

    /// Tries once more to save the refreshed login that could not be saved before.
    func keepRenewed() {
        guard let unkept else { return }
        do {
            try credentials.update { all, _ in
                if all.find(server: unkept.old.server, user: unkept.old.user) == unkept.old { all.renew(unkept.new) }
            }
            self.unkept = nil
            diagnostics.say("the renewed login of \(unkept.old.user) is kept now")
        } catch {
            diagnostics.warn("the login of \(unkept.old.user) is lost: libctl login \(unkept.old.user)")
        }
    }

    /// Reserves disk space for a login, before it is requested.
    func roomForLogin() throws -> Replacement {
        try Self.beforeSpending { try credentials.room() }
    }

    /// Saves a new login. A login of the same user that was made at another address of the daemon is removed from the
    /// file; its session does not end, as that of a login at the same address does not: a script may have its token.
    /// If the new login cannot be saved, its session is ended, because nobody could use it.
    func keep(_ credential: Credential, in room: Replacement) throws {
        let origins = otherAddresses(of: credential)
        do {
            try credentials.update(in: room) { all, _ in all.put(credential, at: origins) }
        } catch {
            do {
                try credentials.update { all, _ in all.put(credential, at: origins) }
            } catch {
                try? client.send(Endpoints.logout.call(), authorization: "Bearer " + credential.token)
                throw error
            }
        }
    }

    private static func beforeSpending<Value>(_ makeRoom: () throws -> Value) throws -> Value {
        do {
            return try makeRoom()
        } catch let failure as CommandError where failure.exit == .ioError {
            let isFull = [ENOSPC, EDQUOT, EFBIG].contains { failure.reason.hasSuffix(String(cString: strerror($0))) }
            throw CommandError(
                .ioError, "a new token could not be kept, so none was asked for: \(failure.reason)",
                hint: "\(isFull ? "make room there" : "make that folder and its files writable"), or set LIBCTL_TOKEN")
        }
    }

    /// Exchanges the refresh token. The daemon accepts a used token once more within 10 seconds, in case its reply
    /// was lost, so a request whose reply was lost is repeated at once, within that time, or not at all.
    private func trade(_ old: Credential) throws -> Login {
        func attempt() throws -> Login {
            try client.send(
                Endpoints.refresh.call(RefreshRequest(refreshToken: old.refreshToken)), timeoutMilliseconds: 4000,
                isPatient: false)
        }
        do {
            do {
                return try attempt()
            } catch  where CommandError(error).isLostAnswer {
                return try attempt()
            }
        } catch let problem as Problem where problem.status == 401 {
            // Long before its time it was ended by somebody, or by a copy of the file that was used elsewhere.
            let isEarly = io.now() < old.refreshExpiresAt
            throw CommandError(
                .notLoggedIn, "the login of \(old.user) has ended",
                hint: "libctl login \(old.user)"
                    + (isEarly ? "; a copy of credentials.json on another machine needs a login of its own" : ""),
                problem: problem)
        }
    }
}
