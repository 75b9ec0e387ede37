/// File names on the command line, which may be any bytes. All other values must be UTF-8.
extension ContextCommand {
    var files: [String] { [] }

    /// With those of the options that every command has.
    var allFiles: [String] { files + [options.cacert].compactMap { $0 } }
}

extension LoginCommand {
    var files: [String] { password.files }
}

extension RegisterCommand {
    var files: [String] { password.files }
}

extension PasswdCommand {
    var files: [String] { password.files }
}

extension PasswordOptions {
    fileprivate var files: [String] { [passwordFile].compactMap { $0 } }
}

extension APICommand {
    var files: [String] { [input].compactMap { $0 } }
}

extension AuthorsCommand.Add {
    var files: [String] { [file].compactMap { $0 } }
}

extension AuthorsCommand.Import {
    var files: [String] { [file, rejects].compactMap { $0 } }
}

extension AuthorsCommand.Export {
    var files: [String] { [file] }
}
