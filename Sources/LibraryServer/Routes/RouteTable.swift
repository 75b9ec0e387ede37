import HTTPTypes
import Hummingbird
import LibraryStore
import Shared

/// The routes of the daemon: their places in the log and the metrics, and the methods of each path, for `Allow` in a
/// 405. The router itself only reports whether a route matches.
enum RouteTable {
    /// Method and path of each route, once. Two endpoints share a route that takes or returns a file.
    static let all = Endpoints.all.reduce(into: [(method: Shared.Method, path: String)]()) { all, route in
        if !all.contains(where: { $0 == (route.method, route.path) }) { all.append((route.method, route.path)) }
    }

    private static let routes = all.map { (segments: $0.path.split(separator: "/"), method: $0.method) }

    private static let places = all.indices.reduce(into: [String: [String: Int]]()) {
        $0[all[$1].path, default: [:]][all[$1].method.rawValue] = $1
    }

    /// The place of a route in ``all``; `nil` if there is none.
    /// - Parameters:
    ///   - method: `HEAD` counts as `GET`.
    ///   - path: with its parameter in braces.
    static func place(_ method: String, _ path: String) -> Int? {
        places[path]?[method == "HEAD" ? Shared.Method.get.rawValue : method]
    }

    /// The methods that any path has.
    static let allMethods = Shared.Method.allCases.map(\.rawValue) + ["HEAD", "OPTIONS"]

    /// The methods of a path, with `HEAD` if there is `GET`; empty if there is nothing at the path.
    static func methods(at path: String) -> [String] {
        let segments = path.split(separator: "/")
        let matching = routes.filter { matches($0.segments, segments) }
        // A literal path goes before a parameter: `/authors/events` is not `/authors/{id}`.
        let literal = matching.filter { $0.segments == segments }
        let found = (literal.isEmpty ? matching : literal).map(\.method)
        let names = Shared.Method.allCases.filter(found.contains).map(\.rawValue)
        return (found.contains(.get) ? names + ["HEAD"] : names) + (names.isEmpty ? [] : ["OPTIONS"])
    }

    /// What a client probably wanted that sent this method to a path that does not take it, as the end of a sentence.
    static func advice(_ method: String, _ path: String) -> String {
        let templates = Endpoints.all.filter { $0.method.rawValue == method }.map(\.path)
        let longer = templates.first { $0.hasPrefix(path + "/{") }
        let isName = method == Shared.Method.delete.rawValue && path.split(separator: "/").count == 1
        guard
            let template = longer ?? closest(to: path, among: templates)
                ?? (isName ? Endpoints.deleteAuthor.path : nil)
        else { return "" }
        return "; did you mean \(method) \(template)?"
    }

    /// Whether the path has no empty segment, neither inside nor at the end.
    static func isCanonical(_ path: String) -> Bool {
        let slash = UInt8(ascii: "/")
        return path == "/"
            || path.utf8.last != slash && !zip(path.utf8, path.utf8.dropFirst()).contains { $0 == slash && $1 == slash }
    }

    private static func matches(_ template: [Substring], _ path: [Substring]) -> Bool {
        template.count == path.count && zip(template, path).allSatisfy { $0.first == "{" || $0 == $1 }
    }
}
