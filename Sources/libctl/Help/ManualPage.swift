import ArgumentParser
import CommandHelp
import Shared

/// The manual page of `libctl`.
enum ManualPage {
    static func text() throws -> String {
        try Manual.text(
            of: Libctl.self,
            Manual.Page(
                version: Libctl.version, section: 1, overview: Libctl.overview,
                footers: [CommandConfiguration.recordFooter, CommandConfiguration.footer],
                sections: [
                    ("OUTPUT", HelpTopic.output.text), ("ENVIRONMENT", HelpTopic.environment.text),
                    ("EXIT STATUS", HelpTopic.exitCodes.text),
                ],
                related: ["libraryd(8)", "curl(1)", "jq(1)"]))
    }
}
