import Foundation
import TestSupport
import Testing

/// Which module may import which. SwiftPM lets a file import any module that another target has built.
struct WallTests {
    /// The modules that each module may import, besides Swift's own modules, Foundation and Glibc.
    private static let allowed: [String: Set<String>] = [
        "CCurl": [],
        "CPostgres": [],
        "CSQLite": [],
        "Shared": ["SystemPackage"],
        "CommandHelp": ["Shared", "ArgumentParser"],
        "LibraryStore": ["Shared", "CLibcrypto", "CSQLite", "GRDB", "GRDBSQLite", "SystemPackage"],
        "LibraryPostgres": ["Shared", "LibraryStore", "CPostgres"],
        "LibraryServer": [
            "Shared", "LibraryStore", "CLibcrypto", "HTTPTypes", "Hummingbird", "JWTKit", "Logging", "NIOCore",
            "NIOHTTP1", "NIOHTTPTypesHTTP1", "NIOPosix", "NIOSSL", "ServiceLifecycle",
        ],
        "libraryd": [
            "Shared", "LibraryStore", "LibraryPostgres", "LibraryServer", "CommandHelp", "CMalloc", "ArgumentParser",
            "Hummingbird", "Logging", "NIOCore", "ServiceLifecycle", "UnixSignals",
        ],
        "libctl": ["Shared", "CCurl", "CZlib", "CommandHelp", "ArgumentParser", "SystemPackage"],
    ]
    private static let everywhere: Set<String> = [
        "Dispatch", "Foundation", "FoundationEssentials", "Glibc", "Synchronization",
    ]

    private static func imports(of module: String) throws -> [(file: String, name: String)] {
        let folder = Program.repository + "/Sources/" + module
        let files = try FileManager.default.subpathsOfDirectory(atPath: folder).filter { $0.hasSuffix(".swift") }
        return try files.flatMap { file in
            try String(contentsOfFile: folder + "/" + file, encoding: .utf8).split(separator: "\n").compactMap { line in
                line.firstMatch(of: /^(?:@\w+ )?(?:(?:public|package|internal|private) )?import (?:\w+ )?(\w+)/).map {
                    (file, String($0.output.1))
                }
            }
        }
    }

    @Test func everyModuleHasItsList() throws {
        let modules = try FileManager.default.contentsOfDirectory(atPath: Program.repository + "/Sources")
        #expect(Set(modules).subtracting(["CLibcrypto", "CMalloc", "CZlib"]) == Set(Self.allowed.keys))
    }

    @Test(arguments: allowed.keys.sorted())
    func noFileImportsWhatItMayNot(module: String) throws {
        let allowed = try #require(Self.allowed[module]).union(Self.everywhere)
        let imports = try Self.imports(of: module)
        #expect(["CCurl", "CPostgres", "CSQLite"].contains(module) || !imports.isEmpty)
        for (file, name) in imports { #expect(allowed.contains(name), "\(module)/\(file) imports \(name)") }
    }

    /// `TestSupport` is an ordinary target, not a test target, so it must not import a program.
    @Test func testSupportNeedsNoProgram() throws {
        for (file, name) in try Self.imports(of: "../Tests/TestSupport") {
            #expect(!["libraryd", "libctl"].contains(name), "\(file) imports \(name)")
        }
    }
}
