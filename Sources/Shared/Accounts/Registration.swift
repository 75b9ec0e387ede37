/// A new account: the body of `POST /register`.
public struct Registration: Sendable, Equatable, JSONReadable, JSONWritable {
    public let name: String
    public let password: String

    public init(name: String, password: String) {
        self.name = name
        self.password = password
    }

    public init(from object: inout ObjectReader) {
        name = object.string("name", .userName)
        password = object.string("password", .password)
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("name", name)
            $0.member("password", password)
        }
    }

    /// - Throws: ``InvalidFields`` with every fault of name and password.
    public func validate() throws(InvalidFields) {
        let faults = [Self.fault(inName: name), Self.fault(inPassword: password, name: name)].compactMap { $0 }
        guard faults.isEmpty else { throw InvalidFields(faults) }
    }

    /// In characters, all of them ASCII.
    public static let maximumNameLength = 64
    /// In Unicode scalars.
    public static let minimumPasswordScalars = 8
    public static let maximumPasswordBytes = 1024

    /// The fault of a user name, or `nil`. A name has 1–64 of the characters `A-Za-z0-9._@+-`, the first a letter or
    /// digit.
    public static func fault(inName name: String) -> FieldError? {
        let bytes = name.utf8
        if bytes.isEmpty { return FieldError("name", .empty, "must not be empty") }
        if bytes.count > maximumNameLength {
            return FieldError("name", .tooLong, "must be at most \(maximumNameLength) characters")
        }
        let marks = "._@+-".utf8
        guard bytes.allSatisfy({ $0.isASCIILetterOrDigit || marks.contains($0) }),
            bytes.first?.isASCIILetterOrDigit == true
        else {
            return FieldError("name", .invalid, "must start with a letter or digit and have only A-Z a-z 0-9 . _ @ + -")
        }
        return nil
    }

    /// The fault of a password, or `nil`. A password has at least 8 Unicode scalars, at most 1024 bytes and no control
    /// characters, is not the user's name, and is not a common password (NIST SP 800-63B, section 3.1.1.2).
    /// - Parameter field: the name of the JSON member that the fault names.
    public static func fault(inPassword password: String, name: String, field: String = "password") -> FieldError? {
        if password.utf8.count > maximumPasswordBytes {
            return FieldError(field, .tooLong, "must be at most \(maximumPasswordBytes) bytes")
        }
        if password.unicodeScalars.count < minimumPasswordScalars {
            return FieldError(field, .tooShort, "must be at least \(minimumPasswordScalars) characters")
        }
        if password.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            // HTTP Basic cannot carry control characters (RFC 7617, section 2).
            return FieldError(field, .controlCharacter, "must not contain control characters")
        }
        let lowercased = password.lowercased()
        if lowercased == name.lowercased() { return FieldError(field, .sameAsName, "must not be the name") }
        if CommonPasswords.all.contains(lowercased) {
            return FieldError(field, .tooCommon, "is one of the most common passwords")
        }
        return nil
    }
}

/// A new password for the caller's account: the body of `PUT /me/password`.
public struct PasswordChange: Sendable, Equatable, JSONReadable, JSONWritable {
    public let currentPassword: String
    public let newPassword: String

    public init(currentPassword: String, newPassword: String) {
        self.currentPassword = currentPassword
        self.newPassword = newPassword
    }

    public init(from object: inout ObjectReader) {
        currentPassword = object.string("current_password")
        newPassword = object.string("new_password", .password)
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("current_password", currentPassword)
            $0.member("new_password", newPassword)
        }
    }

    /// - Parameter name: the name of the account.
    /// - Throws: ``InvalidFields`` if the new password is refused.
    public func validate(name: String) throws(InvalidFields) {
        if let fault = Registration.fault(inPassword: newPassword, name: name, field: "new_password") {
            throw InvalidFields([fault])
        }
    }
}

/// The reply to `POST /register`.
public struct Registered: Sendable, Equatable, JSONReadable, JSONWritable {
    /// Always ``Message/registered``.
    public let message: String
    /// The user's id, a UUID.
    public let publicID: String
    public let name: String
    public let admin: Bool

    public init(publicID: String, name: String, admin: Bool) {
        message = Message.registered
        self.publicID = publicID
        self.name = name
        self.admin = admin
    }

    public init(from object: inout ObjectReader) {
        message = object.string("message", .oneOf([Message.registered]))
        publicID = object.string("public_id", .uuid)
        name = object.string("name", .userName)
        admin = object.bool("admin")
    }

    public func write(to json: inout JSONWriter) {
        json.object {
            $0.member("message", message)
            $0.member("public_id", publicID)
            $0.member("name", name)
            $0.member("admin", admin)
        }
    }
}
