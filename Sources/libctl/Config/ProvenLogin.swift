import FoundationEssentials
import Shared

/// Logins that were made at another address of the same daemon. The daemon must prove that it is the same, on the
/// connection that is used, before any token is sent there.
extension CommandContext {
    /// The login that commands use: that of the server, else one of another address that the daemon at the server
    /// proves to have issued; `nil` if there is neither.
    /// - Throws: ``CommandError`` if no daemon can be asked.
    func login(in all: Credentials) throws -> Credential? {
        if let proven { return all.find(server: proven.server, user: proven.user) }
        if let own = all.find(server: server.origin, user: user) { return own }
        for other in elsewhere(in: all) where user.map(other.isUser) ?? other.current {
            guard try provesItself(toHolderOf: other) else { continue }
            proven = other
            client.prove = { [unowned self] in
                // A refresh may have brought another proof key.
                let now = try? credentials.read().find(server: other.server, user: other.user)
                return try proof(toHolderOf: now ?? other)
            }
            return other
        }
        return nil
    }

    /// The other addresses in this file at which the daemon of a new login is known, because it proves here that it is
    /// the same. They then share one login of each user.
    func otherAddresses(of credential: Credential) -> Set<String> {
        guard let all = try? credentials.read(), let daemon = credential.daemon else { return [] }
        let same = elsewhere(in: all).filter {
            $0.daemon?.daemon == daemon.daemon && (try? provesItself(toHolderOf: $0)) == true
        }
        return Set(same.map(\.server))
    }

    /// The failure if there is no login to use.
    func notLoggedIn(_ all: Credentials) -> CommandError {
        let name = user.map { " \(Escaping.shell($0))" } ?? ""
        let here = user == nil ? all.logins.last { $0.server == server.origin } : nil
        let hint =
            here.map { "use --user \($0.user), who is logged in" }
            ?? hintOfOtherAddress(all) ?? "libctl login\(name)"
        return CommandError(
            .notLoggedIn, "not logged in at \(server.origin)\(user.map { " as \($0)" } ?? "")", hint: hint)
    }

    /// Names the login that somebody at an address of this machine may mean.
    private func hintOfOtherAddress(_ all: Credentials) -> String? {
        let others = server.isLocal ? all.logins.filter { $0.isLocal && $0.server != server.origin } : []
        return others.last { user.map($0.isUser) ?? $0.current }.map {
            "you are logged in at \($0.server) as \($0.user): add --server \($0.server)"
        }
    }

    /// The logins with which a daemon at the server could prove itself. At most eight are asked for.
    private func elsewhere(in all: Credentials) -> ArraySlice<Credential> {
        guard server.isLocal else { return [] }
        return all.logins.filter { $0.server != server.origin && $0.isLocal && $0.daemon != nil }.suffix(8)
    }

    /// - Throws: ``CommandError`` if nothing listens, or no reply comes in time.
    private func provesItself(toHolderOf login: Credential) throws -> Bool {
        do {
            client.provenConnection = try proof(toHolderOf: login)
            return true
        } catch let failure as CommandError where failure.exit == .notLoggedIn {
            return false
        } catch let failure as CommandError where failure.exit == .unavailable {
            throw failure.saying(
                hint: "you are logged in at \(login.server) as \(login.user): add --server \(login.server)")
        }
    }

    /// Asks the daemon for a proof that it has issued a login, with a nonce that was never used before.
    /// - Returns: the number of the connection on which it has come.
    /// - Throws: ``CommandError`` `notLoggedIn` if what comes is no proof.
    private func proof(toHolderOf login: Credential) throws -> Int {
        guard let daemon = login.daemon else { throw unproven }
        let nonce = Data([UInt8].random(count: 32)).base64URL
        let reply = try client.proof(ProofRequest(user: daemon.user, nonce: nonce))
        guard let (proof, peer) = reply, let place = peer.place, proof.isProof(of: daemon, nonce: nonce, place: place)
        else { throw unproven }
        return peer.connection
    }

    private var unproven: CommandError { notLoggedIn((try? credentials.read()) ?? Credentials()) }
}

extension Proof {
    /// Whether only the daemon that has issued the key, asked at this place, can have made the proof.
    ///
    /// The time of the comparison tells an impostor nothing of use: the nonce, and with it the right proof, is another
    /// one the next time.
    func isProof(of issuer: DaemonKey, nonce: String, place: String) -> Bool {
        let message = Proof.message(daemon: issuer.daemon, user: issuer.user, nonce: nonce, place: place)
        let expected = Data(SHA256.authenticate(message, key: Array(issuer.key.utf8))).base64URL
        return daemon == issuer.daemon && proof.utf8.elementsEqual(expected.utf8)
    }
}

extension Client {
    /// The reply of a daemon that is asked for a proof, and who has sent it; `nil` for any other reply.
    /// - Throws: ``CommandError`` if nothing listens, or no reply comes in time.
    fileprivate func proof(_ body: ProofRequest) throws -> (Proof, TransportReply.Peer)? {
        let call = Endpoints.proof.call(body)
        var request = TransportRequest(
            method: call.method.rawValue, path: call.path,
            headers: [("Accept", "application/json"), ("Content-Type", "application/json")],
            body: call.body.map { .bytes($0) }, patience: .whole(milliseconds: 4000))
        request.limitMilliseconds = limit.map { Int($0 * 1000) }
        do {
            let reply = try transport(request)
            trace("\(request.method) \(server.base)\(request.path) \(reply.status) \(reply.body.count) bytes")
            guard reply.status == 200, reply.mediaType == "application/json", let peer = reply.peer,
                let proof = try? Proof(json: reply.body, unknownMembers: .ignored)
            else { return nil }
            return (proof, peer)
        } catch let failure as CommandError where failure.exit == .protocolError {
            // What answers does not speak HTTP as libraryd does.
            return nil
        }
    }
}

extension Credential {
    /// Whether the login was made at an address at which a daemon can prove itself.
    fileprivate var isLocal: Bool { (try? Server(server))?.isLocal ?? false }
}

extension Data {
    /// RFC 4648, section 5, without padding.
    fileprivate var base64URL: String {
        base64EncodedString(options: [.base64URLAlphabet, .omitPaddingCharacter])
    }
}
