import Shared

/// How a login is renewed and kept. A refresh token is good once, so room for its successor comes first; and the
/// successor goes on being used where it cannot be kept all the same.
extension CommandContext {
    /// Trades the refresh token, unless another process has done so meanwhile: then its tokens are taken.
    func refresh(_ old: Credential) throws -> Credential {
        var renewed: (old: Credential, new: Credential)?
        do {
            return try credentials.update { all, makeRoom in
                guard let current = all.find(server: old.server, user: old.user) else {
                    throw CommandError(.notLoggedIn, "logged out meanwhile", hint: "libctl login \(old.user)")
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

    /// Writes down what could not be written down when it came.
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

    /// Room for a login that is not asked for yet.
    func roomForLogin() throws -> Replacement {
        try Self.beforeSpending { try credentials.room() }
    }

    /// Keeps a new login. One that nobody could use is ended.
    func keep(_ credential: Credential, in room: Replacement) throws {
        do {
            try credentials.update(in: room) { all, _ in all.put(credential) }
        } catch {
            do {
                try credentials.update { all, _ in all.put(credential) }
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
            throw CommandError(
                .ioError, "a token could not be kept, so none was asked for: \(failure.reason)",
                hint: "make room there, or set LIBCTL_TOKEN")
        }
    }

    /// The daemon honours a refresh token once more for 10 seconds, because the first answer may be lost: so a second
    /// try comes within that time, or never.
    private func trade(_ old: Credential) throws -> Login {
        func attempt() throws -> Login {
            try client.send(
                Endpoints.refresh.call(RefreshRequest(refreshToken: old.refreshToken)), timeoutMilliseconds: 4000,
                isPatient: false)
        }
        do {
            do {
                return try attempt()
            } catch let failure as CommandError where failure.isLostAnswer {
                return try attempt()
            }
        } catch let problem as Problem where problem.status == 401 {
            throw CommandError(
                .notLoggedIn, "the login of \(old.user) has ended", hint: "libctl login \(old.user)", problem: problem)
        }
    }
}
