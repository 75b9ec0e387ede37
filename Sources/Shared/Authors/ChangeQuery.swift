/// Which changes to list: the query of `GET /authors/changes` and of `GET /authors/{id}/history`.
public struct ChangeQuery: RequestQuery, Equatable {
    /// Number of changes on one page, 1–1000.
    public var limit = defaultLimit
    /// Where the page starts: the `next` of the previous page; `nil` for the first page.
    public var after: String?
    /// Leaves out changes up to this point.
    public var since: HistoryPoint?

    public static let defaultLimit = 100
    public static let maximumLimit = 1000
    public static let shapes = [
        ParameterShape(
            "limit", .integer(minimum: 1, maximum: Int64(maximumLimit)), default: .integer(Int64(defaultLimit)),
            example: .integer(2), "Changes on a page."),
        ParameterShape(
            "after", .text(.eventID), example: .string(AuthorEvent.example.id), "The `next` of the page before."),
        ParameterShape.since,
    ]
    public static let parameters = shapes.map(\.name)

    public init() {}

    /// Reads the parameters of a request whose names ``QueryItem/check(_:among:)`` has checked.
    /// - Throws: ``InvalidFields`` with every fault.
    public init(items: [QueryItem]) throws(InvalidFields) {
        var faults: [FieldError] = []
        for item in items {
            switch item.name {
            case "limit":
                if let limit = Int64(decimal: item.value), (1...Int64(Self.maximumLimit)).contains(limit) {
                    self.limit = Int(limit)
                } else {
                    faults.append(
                        FieldError(item.name, .invalid, "must be a number from 1 to \(Self.maximumLimit)"))
                }
            case "after":
                after = item.value
                if !HistoryPoint.isEventID(item.value) {
                    faults.append(FieldError(item.name, .invalid, "is not the next of a page of changes"))
                }
            case "since":
                since = HistoryPoint(item.value)
                if since == nil { faults.append(FieldError(item.name, .invalid, HistoryPoint.rule)) }
            default: break
            }
        }
        guard faults.isEmpty else { throw InvalidFields(faults) }
    }

    /// The parameters of the request, without those that have their default value.
    public var items: [QueryItem] {
        var items: [QueryItem] = []
        if limit != Self.defaultLimit { items.append(QueryItem("limit", String(limit))) }
        if let after { items.append(QueryItem("after", after)) }
        if let since { items.append(QueryItem("since", since.description)) }
        return items
    }
}

/// Where a stream of changes begins: the query of `GET /authors/events`.
public struct EventQuery: RequestQuery, Equatable {
    /// `nil` for now. The `Last-Event-ID` of a request wins.
    public var since: HistoryPoint?

    public static let shapes = [ParameterShape.since]
    public static let parameters = shapes.map(\.name)

    public init(since: HistoryPoint? = nil) {
        self.since = since
    }

    /// Reads the parameters of a request whose names ``QueryItem/check(_:among:)`` has checked.
    /// - Throws: ``InvalidFields``.
    public init(items: [QueryItem]) throws(InvalidFields) {
        guard let item = items.first else { return }
        guard let since = HistoryPoint(item.value) else {
            throw InvalidFields([FieldError(item.name, .invalid, HistoryPoint.rule)])
        }
        self.since = since
    }

    public var items: [QueryItem] { since.map { [QueryItem("since", $0.description)] } ?? [] }
}

extension ParameterShape {
    fileprivate static let since = ParameterShape(
        "since", .text(.historyPoint), example: .string(AuthorEvent.example.id),
        "Leaves out what happened up to the change with this `event_id`, or up to this time in UTC.")
}
