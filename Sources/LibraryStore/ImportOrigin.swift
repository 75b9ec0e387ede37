/// Who imports a file, and under which id.
package struct ImportOrigin: Sendable {
    /// The same as ``Principal/origin``.
    package let caller: Int64?
    /// Of the client, or of the request; `nil` if the changes are not to be known as an import.
    package let importID: String?

    package init(_ caller: Int64? = nil, import id: String? = nil) {
        (self.caller, importID) = (caller, id)
    }
}
