import Foundation
import LibraryStore
import Shared

/// The page for browsers at `/`.
enum WelcomePage {
    static let mediaType = "text/html"

    static let html = """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width">
        <title>libraryd</title>
        <style>\(style)</style>
        </head>
        <body>
        <h1>libraryd</h1>
        <p>This daemon keeps libraries of authors and their books. Its client in a terminal is <code>libctl</code>:</p>
        <pre>libctl register
        libctl login
        libctl authors add --name "Hilary Mantel" --book "Wolf Hall" --country "United Kingdom"
        libctl authors list</pre>
        <p>On another machine, <code>libctl config set server ADDRESS</code> with the address of this page comes first.
        <code>libctl help</code> knows more.</p>
        <p>Programs use the REST API: <a href="\(Endpoints.document.path)">\(Endpoints.document.path)</a> describes it
        (OpenAPI 3.1).</p>
        </body>
        </html>

        """

    private static let style =
        ":root{color-scheme:light dark}body{max-width:42em;margin:2em auto;padding:0 1em;font:1em/1.5 sans-serif}"
        + "pre{white-space:pre-wrap}"

    /// Nothing is loaded, run, framed or sent; only this style applies (CSP Level 3).
    static let securityPolicy: String = {
        let hash = Data(Digest.sha256(Array(style.utf8))).base64EncodedString()
        return "default-src 'none'; style-src 'sha256-\(hash)'; base-uri 'none'; form-action 'none'; "
            + "frame-ancestors 'none'"
    }()
}
