import HTTPTypes
import Hummingbird
import LibraryStore
import Shared

/// Which methods each path answers. The router itself only knows a match or none.
enum RouteTable {
    private static let routes = Endpoints.all.map { (segments: $0.path.split(separator: "/"), method: $0.method) }

    /// The methods of a path, `HEAD` with `GET`; none if there is nothing at that path.
    static func methods(at path: String) -> [String] {
        let segments = path.split(separator: "/")
        let matching = routes.filter { matches($0.segments, segments) }
        // A path that is spelt out is nobody's parameter: `/authors/events` is no `/authors/{id}`.
        let literal = matching.filter { $0.segments == segments }
        let found = (literal.isEmpty ? matching : literal).map(\.method)
        let names = Shared.Method.allCases.filter(found.contains).map(\.rawValue)
        return found.contains(.get) ? names + ["HEAD"] : names
    }

    /// Whether the path is spelt as it should be: no empty segment, none at the end either.
    static func isCanonical(_ path: String) -> Bool {
        let slash = UInt8(ascii: "/")
        return path == "/"
            || path.utf8.last != slash && !zip(path.utf8, path.utf8.dropFirst()).contains { $0 == slash && $1 == slash }
    }

    private static func matches(_ template: [Substring], _ path: [Substring]) -> Bool {
        template.count == path.count && zip(template, path).allSatisfy { $0.first == "{" || $0 == $1 }
    }
}
