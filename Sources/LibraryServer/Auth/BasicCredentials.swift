import Foundation
import HTTPTypes
import Shared

/// A name and a password from an `Authorization: Basic` header (RFC 7617).
struct BasicCredentials: Equatable {
    let name: String
    /// The bytes of the password as they were sent.
    let password: [UInt8]

    init(name: String, password: [UInt8]) {
        self.name = name
        self.password = password
    }

    /// - Throws: ``Failure`` `credentials_missing` or `credentials_malformed`.
    init(_ headers: HTTPFields) throws(Failure) {
        let values = headers[values: .authorization]
        guard let value = values.first else { throw Failure(.credentialsMissing) }
        guard values.count == 1 else { throw Failure(.credentialsMalformed) }
        let parts = value.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "basic" else { throw Failure(.credentialsMalformed) }
        // Some clients leave out the padding.
        let encoded = parts[1].drop { $0 == " " }.trimmingSuffix("=")
        let padding = String(repeating: "=", count: (4 - encoded.utf8.count % 4) % 4)
        guard let data = Data(base64Encoded: encoded + padding), let colon = data.firstIndex(of: UInt8(ascii: ":")),
            let name = String(validating: data[..<colon], as: UTF8.self),
            String(validating: data[colon...], as: UTF8.self) != nil,
            !data.contains(where: { $0 < 0x20 || $0 == 0x7F }), !CombiningMarks.areTooMany(name)
        else { throw Failure(.credentialsMalformed) }
        self.name = name
        password = Array(data[data.index(after: colon)...])
    }
}

extension Substring {
    fileprivate func trimmingSuffix(_ character: Character) -> Substring {
        var rest = self
        while rest.last == character { rest.removeLast() }
        return rest
    }
}
