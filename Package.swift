// swift-tools-version: 6.2
import PackageDescription

/// One list for every target of ours, so that no target is compiled more leniently than its neighbour.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let hummingbird = Target.Dependency.product(name: "Hummingbird", package: "hummingbird")
let grdb = Target.Dependency.product(name: "GRDB", package: "GRDB.swift")
let sqlite = Target.Dependency.product(name: "GRDBSQLite", package: "GRDB.swift")
let system = Target.Dependency.product(name: "SystemPackage", package: "swift-system")
let logging = Target.Dependency.product(name: "Logging", package: "swift-log")

let package = Package(
    name: "libraryd",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "libraryd", targets: ["libraryd"]),
        .executable(name: "libctl", targets: ["libctl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.0"),
        .package(url: "https://github.com/groue/GRDB.swift.git", from: "7.10.0"),
        .package(url: "https://github.com/vapor/jwt-kit.git", from: "5.7.0"),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.34.1"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-system.git", from: "1.8.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        .systemLibrary(name: "CLibcrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        // mallopt, which the module Glibc lacks.
        .systemLibrary(name: "CMalloc"),
        .target(name: "CCurl"),
        .target(name: "CPostgres"),
        .target(name: "CSQLite"),
        .target(
            name: "Shared", dependencies: [system], swiftSettings: settings),
        // Help, usage errors and shell completion, which both programs have.
        .target(name: "CommandHelp", dependencies: ["Shared", argumentParser], swiftSettings: settings),
        // SQLite. Knows nothing of HTTP, NIO or Hummingbird.
        .target(
            name: "LibraryStore",
            dependencies: ["Shared", "CLibcrypto", "CSQLite", grdb, sqlite, system],
            swiftSettings: settings
        ),
        // PostgreSQL. Knows nothing of HTTP, NIO, Hummingbird, GRDB or SQLite.
        .target(
            name: "LibraryPostgres", dependencies: ["Shared", "LibraryStore", "CPostgres"], swiftSettings: settings),
        // Everything that is served. Knows nothing of GRDB or SQLite.
        .target(
            name: "LibraryServer",
            dependencies: [
                "Shared", "LibraryStore", "CLibcrypto", hummingbird, logging,
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "libraryd",
            dependencies: [
                "Shared", "LibraryStore", "LibraryPostgres", "LibraryServer", "CommandHelp", "CMalloc", argumentParser,
                hummingbird, logging,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "libctl", dependencies: ["Shared", "CCurl", "CZlib", "CommandHelp", argumentParser, system],
            swiftSettings: settings),
        .target(
            name: "TestSupport",
            dependencies: [
                "Shared", "LibraryStore", "LibraryPostgres", "LibraryServer", grdb, hummingbird, logging,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ],
            path: "Tests/TestSupport",
            swiftSettings: settings
        ),
        .testTarget(
            name: "PostgresTests", dependencies: ["LibraryPostgres", "LibraryStore", "Shared", "TestSupport"],
            swiftSettings: settings),
        .testTarget(name: "SharedTests", dependencies: ["Shared", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "LibrarydTests",
            dependencies: [
                "libraryd", "CommandHelp", "LibraryServer", "LibraryStore", "Shared", "TestSupport", argumentParser,
                grdb,
                hummingbird, logging, sqlite,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "JWTKit", package: "jwt-kit"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "LibctlTests", dependencies: ["libctl", "CZlib", "CommandHelp", "Shared", "TestSupport"],
            swiftSettings: settings),
        .testTarget(
            name: "SocketTests",
            dependencies: [
                "libctl", "libraryd", "LibraryServer", "Shared", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "EndToEndTests",
            dependencies: [
                "libctl", "libraryd", "CommandHelp", "LibraryPostgres", "LibraryServer", "LibraryStore", "Shared",
                "TestSupport",
            ],
            swiftSettings: settings
        ),
    ]
)
