/// The entity tags in `If-Match` or `If-None-Match` (RFC 9110, sections 13.1.1 and 13.1.2).
struct EntityTags: Sendable {
    private let tags: [String]

    /// - Parameter fields: the values of all fields of that name.
    init(_ fields: [String]) {
        tags = fields.flatMap { $0.split(separator: ",") }.map { $0.filter { $0 != " " && $0 != "\t" } }
    }

    /// Whether the field is `*` or has the tag as a strong one.
    func namesStrongly(_ tag: String) -> Bool { tags == ["*"] || tags.contains(tag) }

    /// Whether the field has `*` or the tag, with or without `W/` (section 8.8.3.2).
    func namesWeakly(_ tag: String) -> Bool { tags.contains { $0 == "*" || $0 == tag || $0 == "W/" + tag } }
}
