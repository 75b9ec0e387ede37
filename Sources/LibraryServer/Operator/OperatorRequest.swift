import LibraryStore
package import Shared

/// A request of an operator: sent to a running daemon over `operator.sock`, otherwise performed on the folder
/// directly.
package enum OperatorRequest: JSONReadable, JSONWritable, Equatable {
    case list
    case add(String, password: String)
    case promote(String)
    case demote(String)
    case disable(String)
    case enable(String)
    case delete(String)
    case passwd(String, password: String)
    case keys(of: String)
    case addKey(APIKeyRequest, of: String)
    case revokeKey(String, of: String)
    /// The entries after the one with the id `after`, as ``Store/audit(after:since:user:)`` returns them.
    case audit(after: Int64, since: Timestamp?, user: String?)
    /// `path` is absolute; `keep` is the maximum number of backups, with this one.
    case backup(path: String, keep: Int64)
    /// `path` is absolute; `owner` becomes the owner of authors that have none.
    case importFlask(path: String, owner: String?, dryRun: Bool)
    case rotateKey
    case health
    /// A command of a newer `libraryd`.
    case unknown(String)

    package init(from object: inout ObjectReader) {
        let command = object.string("command")
        self =
            switch command {
            case "list": .list
            case "add": .add(object.string("name"), password: object.string("password"))
            case "promote": .promote(object.string("name"))
            case "demote": .demote(object.string("name"))
            case "disable": .disable(object.string("name"))
            case "enable": .enable(object.string("name"))
            case "delete": .delete(object.string("name"))
            case "passwd": .passwd(object.string("name"), password: object.string("password"))
            case "keys": .keys(of: object.string("name"))
            case "add-key": .addKey(object.object("key"), of: object.string("name"))
            case "revoke-key": .revokeKey(object.string("key"), of: object.string("name"))
            case "audit":
                .audit(
                    after: object.integer("after"), since: object.nullableTimestamp("since"),
                    user: object.nullableString("name"))
            case "backup": .backup(path: object.string("path"), keep: object.optionalInteger("keep") ?? 1)
            case "import-flask":
                .importFlask(
                    path: object.string("path"), owner: object.optionalString("name"),
                    dryRun: object.optionalBool("dry_run") ?? false)
            case "rotate-key": .rotateKey
            case "health": .health
            default: .unknown(command)
            }
    }

    package func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("command", command)
            switch self {
            case .list, .rotateKey, .health, .unknown: break
            case .promote(let name), .demote(let name), .disable(let name), .enable(let name), .delete(let name),
                .keys(let name):
                json.member("name", name)
            case .add(let name, let password), .passwd(let name, let password):
                json.member("name", name)
                json.member("password", password)
            case .addKey(let key, let name):
                json.member("name", name)
                json.member("key", key)
            case .revokeKey(let key, let name):
                json.member("name", name)
                json.member("key", key)
            case .audit(let last, let since, let user):
                json.member("after", last)
                json.member("since", since)
                json.member("name", user)
            case .backup(let path, let keep):
                json.member("path", path)
                json.member("keep", keep)
            case .importFlask(let path, let owner, let dryRun):
                if let owner { json.member("name", owner) }
                json.member("path", path)
                json.member("dry_run", dryRun)
            }
        }
    }

    /// The name of the command in the JSON form.
    var command: String {
        switch self {
        case .list: "list"
        case .add: "add"
        case .promote: "promote"
        case .demote: "demote"
        case .disable: "disable"
        case .enable: "enable"
        case .delete: "delete"
        case .passwd: "passwd"
        case .keys: "keys"
        case .addKey: "add-key"
        case .revokeKey: "revoke-key"
        case .audit: "audit"
        case .backup: "backup"
        case .importFlask: "import-flask"
        case .rotateKey: "rotate-key"
        case .health: "health"
        case .unknown(let command): command
        }
    }

    /// Whether a second request of the same kind is refused while one is running: two backups would write the same
    /// files.
    var runsAlone: Bool {
        switch self {
        case .backup, .importFlask, .rotateKey: true
        default: false
        }
    }
}

/// A request with the type of its reply.
package struct OperatorCommand<Answer: JSONReadable> {
    package let request: OperatorRequest
}

extension OperatorCommand<UserList> {
    package static var list: Self { Self(request: .list) }
    package static func add(_ name: String, password: String) -> Self {
        Self(request: .add(name, password: password))
    }
    package static func promote(_ name: String) -> Self { Self(request: .promote(name)) }
    package static func demote(_ name: String) -> Self { Self(request: .demote(name)) }
    package static func disable(_ name: String) -> Self { Self(request: .disable(name)) }
    package static func enable(_ name: String) -> Self { Self(request: .enable(name)) }
    package static func delete(_ name: String) -> Self { Self(request: .delete(name)) }
    package static func passwd(_ name: String, password: String) -> Self {
        Self(request: .passwd(name, password: password))
    }
}

extension OperatorCommand<APIKeyList> {
    package static func keys(of user: String) -> Self { Self(request: .keys(of: user)) }
    package static func revokeKey(_ name: String, of user: String) -> Self {
        Self(request: .revokeKey(name, of: user))
    }
}

extension OperatorCommand<CreatedAPIKey> {
    package static func addKey(_ key: APIKeyRequest, of user: String) -> Self { Self(request: .addKey(key, of: user)) }
}

extension OperatorCommand<AuditPage> {
    package static func audit(after last: Int64, since: Timestamp?, user: String?) -> Self {
        Self(request: .audit(after: last, since: since, user: user))
    }
}

extension OperatorCommand<BackupManifest> {
    package static func backup(path: String, keep: Int) -> Self {
        Self(request: .backup(path: path, keep: Int64(keep)))
    }
}

extension OperatorCommand<FlaskImportReport> {
    package static func importFlask(path: String, owner: String?, dryRun: Bool) -> Self {
        Self(request: .importFlask(path: path, owner: owner, dryRun: dryRun))
    }
}

extension OperatorCommand<KeyRotation> {
    package static var rotateKey: Self { Self(request: .rotateKey) }
}

extension OperatorCommand<Health> {
    package static var health: Self { Self(request: .health) }
}
