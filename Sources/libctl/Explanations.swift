import Shared

/// What the commands say of failures beside the daemon's code: the name or the id that the user entered.
extension LoginCommand {
    func explained(_ failure: CommandError) -> CommandError {
        guard failure.problem?.knownCode == .credentialsWrong, let name = user.name else { return failure }
        return failure.saying(
            hint: "libctl register \(name), or libraryd user passwd \(name) on the daemon's machine")
    }
}

extension RegisterCommand {
    func explained(_ failure: CommandError) -> CommandError {
        guard failure.problem?.knownCode == .nameTaken, let name = user.name else { return failure }
        return failure.saying(hint: "libctl login \(name), or register another name")
    }
}

extension AuthorsCommand.Show {
    func explained(_ failure: CommandError) -> CommandError { failure.naming(author: id) }
}

extension AuthorsCommand.History {
    func explained(_ failure: CommandError) -> CommandError {
        let named = failure.naming(author: [id])
        return named.problem?.knownCode == .authorNotFound
            ? named.saying(hint: "libctl authors log shows the changes that are kept") : named
    }
}

extension AuthorsCommand.Edit {
    func explained(_ failure: CommandError) -> CommandError { failure.naming(author: id) }
}

extension AuthorsCommand.Remove {
    func explained(_ failure: CommandError) -> CommandError { failure.naming(author: id) }
}

extension CommandError {
    /// Says which author is missing, if the command line names one.
    fileprivate func naming(author ids: [String]) -> CommandError {
        guard ids.count == 1, let id = ids.first, Int64(decimal: id) != nil, problem?.knownCode == .authorNotFound
        else {
            return self
        }
        return saying("there is no author \(id) in your library")
    }
}
