import Glibc

/// The words for `errno`.
public func systemError() -> String {
    String(cString: strerror(errno))
}

/// A value from elsewhere in a message: at most 200 characters of it, because it has no end of its own.
public func shortened(_ text: String) -> String {
    let scalars = text.unicodeScalars
    return scalars.count > 200 ? String(scalars.prefix(200)) + "..." : text
}
