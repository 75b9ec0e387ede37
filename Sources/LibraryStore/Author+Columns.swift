package import Shared

extension Author {
    /// The author in a stored reply, which may be older than some of the fields.
    package init(kept json: [UInt8]) throws {
        guard case .object(var members) = try JSONValue(parsing: json) else {
            throw StoreError.damaged("a kept reply is no object")
        }
        for field in AuthorField.writable where !members.contains(where: { $0.name == field.name }) {
            members.append(.init(name: field.name, value: field.kind == .flag ? .bool(false) : .string("")))
        }
        try self.init(json: .object(members), unknownMembers: .ignored)
    }

    /// The values of ``AuthorRow/columns``.
    package var columns: [ColumnValue] {
        [.integer(id)] + draft.columns
            + [.integer(createdAt.milliseconds), .integer(updatedAt.milliseconds), .integer(version)]
    }
}

extension AuthorField {
    /// The column with the ``Folding/key(_:)`` of a text.
    package var keyColumn: String { "\(name)_key" }
}

extension AuthorDraft {
    /// The values of the columns of ``AuthorField/writable``.
    var columns: [ColumnValue] { AuthorField.writable.map(value) }

    /// The value of a column.
    func value(_ field: AuthorField) -> ColumnValue {
        field.kind == .flag ? .integer(self[flag: field] ? 1 : 0) : .text(self[text: field])
    }
}

extension Author {
    /// The author with what the patch names; `nil` if it has that already.
    package func changed(by patch: AuthorPatch, at now: Timestamp) -> Author? {
        let values = patch.values.filled(from: draft.values)
        guard !values.isSame(as: draft.values) else { return nil }
        return Author(id: id, AuthorDraft(values), createdAt: createdAt, updatedAt: now, version: version + 1)
    }
}
