import Glibc

/// The system's text for the current `errno` (strerror(3)).
public func systemError() -> String {
    String(cString: strerror(errno))
}

/// A text that comes from outside, cut to 200 characters for a message, because its length has no limit.
public func shortened(_ text: String) -> String {
    let scalars = text.unicodeScalars
    return scalars.count > 200 ? String(scalars.prefix(200)) + "..." : text
}
