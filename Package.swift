// swift-tools-version: 6.2
import PackageDescription

/// The settings every Swift target shares: the Swift 6 language mode with its strict concurrency, and no warnings.
let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .treatAllWarnings(as: .error),
]

let package = Package(
  name: "sloscout",
  products: [
    .executable(name: "sloscout", targets: ["sloscout"]),
    .library(name: "Dataflow", targets: ["Dataflow"]),
    .library(name: "DataflowTesting", targets: ["DataflowTesting"]),
  ],
  // What needs a library that not everybody has. `scripts/build.sh` turns all of them on.
  traits: [
    .trait(name: "Avro", description: "Topics in Avro, by libavro."),
    .trait(name: "Snappy", description: "Prometheus remote write and Loki push, by libsnappy."),
    .trait(name: "Kafka", description: "Topics in Kafka, by librdkafka."),
    .trait(
      name: "OpenVINO",
      description: "Sentences to vectors in this process. The library is opened at run time: building needs nothing of it."),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    // Header-only SIMD intrinsics; they inline into the Swift that calls them.
    .target(name: "CScan"),
    .target(name: "CVectors"),

    // Swift clothes over C libraries: one small target each, the only importer of its C module.
    .systemLibrary(name: "CZstd", path: "Sources/Bindings/CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "CLibPQ", path: "Sources/Bindings/CLibPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
    .systemLibrary(name: "CZlib", path: "Sources/Bindings/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "CLibCrypto", path: "Sources/Bindings/CLibCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CCurl", path: "Sources/Bindings/CCurl", pkgConfig: "libcurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .target(name: "CRE2", path: "Sources/Bindings/CRE2", linkerSettings: [.linkedLibrary("re2")]),
    .systemLibrary(name: "CAvro", path: "Sources/Bindings/CAvro", pkgConfig: "avro-c", providers: [.apt(["libavro-dev"])]),
    .target(name: "Zstd", dependencies: ["CZstd"], path: "Sources/Bindings/Zstd", swiftSettings: strict),
    .target(name: "Gzip", dependencies: ["CZlib"], path: "Sources/Bindings/Gzip", swiftSettings: strict),
    .target(name: "Postgres", dependencies: ["CLibPQ"], path: "Sources/Bindings/Postgres", swiftSettings: strict),
    .target(name: "RE2", dependencies: ["CRE2"], path: "Sources/Bindings/RE2", swiftSettings: strict),
    .target(name: "HTTP", dependencies: ["CCurl"], path: "Sources/Bindings/HTTP", swiftSettings: strict),
    .target(name: "HMAC", dependencies: ["CLibCrypto"], path: "Sources/Bindings/HMAC", swiftSettings: strict),

    .target(
      name: "Avro", dependencies: [.target(name: "CAvro", condition: .when(traits: ["Avro"]))], path: "Sources/Bindings/Avro",
      swiftSettings: strict),
    .systemLibrary(name: "CSnappy", path: "Sources/Bindings/CSnappy", pkgConfig: "snappy", providers: [.apt(["libsnappy-dev"])]),
    .target(
      name: "Snappy", dependencies: [.target(name: "CSnappy", condition: .when(traits: ["Snappy"]))], path: "Sources/Bindings/Snappy",
      swiftSettings: strict),

    .systemLibrary(
      name: "CRDKafka", path: "Sources/Bindings/CRDKafka", pkgConfig: "rdkafka", providers: [.apt(["librdkafka-dev"])]),
    .target(
      name: "Kafka", dependencies: [.target(name: "CRDKafka", condition: .when(traits: ["Kafka"]))], path: "Sources/Bindings/Kafka",
      swiftSettings: strict),

    .target(name: "COpenVINO", path: "Sources/Bindings/COpenVINO"),
    .target(
      name: "OpenVINO", dependencies: [.target(name: "COpenVINO", condition: .when(traits: ["OpenVINO"]))],
      path: "Sources/Bindings/OpenVINO", swiftSettings: strict),

    // The engine, and what it is tested with.
    .target(name: "Dataflow", dependencies: ["CScan", "Zstd", .product(name: "Logging", package: "swift-log")], swiftSettings: strict),
    .target(name: "DataflowTesting", dependencies: ["Dataflow"], swiftSettings: strict),

    // Texts to vectors and what is near: tokens, words, indexes. Pure values and functions.
    .target(name: "Search", dependencies: ["CScan", "CVectors"], swiftSettings: strict),

    // What to do, and where data lives.
    .target(name: "Operators", dependencies: ["Dataflow", "CScan", "RE2", "HMAC"], swiftSettings: strict),
    .target(
      name: "Connectors",
      dependencies: [
        "Dataflow", "CScan", "HMAC", "Postgres", "Gzip", "Zstd", "HTTP", "Search",
        .target(name: "Avro", condition: .when(traits: ["Avro"])),
        .target(name: "OpenVINO", condition: .when(traits: ["OpenVINO"])),
        .target(name: "Snappy", condition: .when(traits: ["Snappy"])),
        .target(name: "Kafka", condition: .when(traits: ["Kafka"])),
        .product(name: "Logging", package: "swift-log"), .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"), .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOHPACK", package: "swift-nio-http2"),
        .product(name: "NIOHTTP2", package: "swift-nio-http2"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      swiftSettings: strict),

    // Journeys, indicators, objectives and what is written about them: pure values and functions.
    .target(name: "SLO", swiftSettings: strict),

    // YAML to a checked specification, to a graph, to a supervised run.
    .target(name: "Jobs", dependencies: ["Dataflow", "Operators", "Connectors", "SLO", "Yams"], swiftSettings: strict),

    // The control server: REST, and the pages for people.
    .target(
      name: "Server",
      dependencies: [
        "Jobs", "Connectors", "Dataflow", "HMAC", "HTTP", "Postgres", "SLO", .product(name: "Logging", package: "swift-log"),
        .product(name: "Hummingbird", package: "hummingbird"), .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
      ],
      resources: [
        .embedInCode("Dashboard/index.html"), .embedInCode("Dashboard/app.js"), .embedInCode("Dashboard/page.js"),
        .embedInCode("Dashboard/graph.js"), .embedInCode("Dashboard/journeys.js"), .embedInCode("Dashboard/artifacts.js"),
        .embedInCode("Dashboard/capsules.js"), .embedInCode("Dashboard/tap.js"), .embedInCode("Dashboard/style.css"),
        .embedInCode("Dashboard/jobs.js"), .embedInCode("Dashboard/submit.js"), .embedInCode("Dashboard/savepoints.js"),
        .embedInCode("Dashboard/analyses.js"), .embedInCode("Dashboard/deadletters.js"),
      ],
      swiftSettings: strict),

    // Figures: `sloscout bench`.
    .target(
      name: "Benchmarks",
      dependencies: [
        "Jobs", "Operators", "Connectors", "Dataflow", "Search", .target(name: "Kafka", condition: .when(traits: ["Kafka"])),
      ],
      swiftSettings: strict),

    .executableTarget(
      name: "sloscout",
      dependencies: [
        "Jobs", "Operators", "Connectors", "Dataflow", "Benchmarks", "HTTP", "Search", "Server", "SLO",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: strict),

    .testTarget(name: "DataflowTests", dependencies: ["DataflowTesting", "Dataflow", "Operators", "Zstd"], swiftSettings: strict),
    .testTarget(name: "SimulationTests", dependencies: ["DataflowTesting", "Dataflow", "Operators"], swiftSettings: strict),
    .testTarget(
      name: "BindingsTests", dependencies: ["Zstd", "Gzip", "RE2", "HMAC", "HTTP", "RawServer", "Snappy"], swiftSettings: strict),
    .target(
      name: "RawServer",
      dependencies: [.product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHPACK", package: "swift-nio-http2")],
      path: "Tests/Support/RawServer", swiftSettings: strict),
    .testTarget(
      name: "FuzzTests",
      dependencies: [
        "Connectors", "Dataflow", "DataflowTesting", "FakeCatalog", "Gzip", "Jobs", "Operators", "RawServer", "SinkTesting", "SLO",
        "Snappy",
        "Zstd",
      ],
      swiftSettings: strict),
    .target(name: "PlantedData", path: "Tests/Support/PlantedData", exclude: ["Corpus"], swiftSettings: strict),
    .testTarget(
      name: "OperatorsTests", dependencies: ["Operators", "Dataflow", "CScan", "PlantedData"],
      swiftSettings: strict),
    .testTarget(
      name: "ConnectorsTests",
      dependencies: [
        "CScan", "Connectors", "Dataflow", "DataflowTesting", "Gzip", "HTTP", "Postgres", "RawServer", "Search", "SinkTesting", "Snappy",
        "Zstd",
      ],
      exclude: ["OTLP/Protobuf/make_fixtures.py", "OTLP/Protobuf/requests.jsonl"], swiftSettings: strict),
    .testTarget(name: "SLOTests", dependencies: ["SLO"], swiftSettings: strict),
    .testTarget(
      name: "SearchTests", dependencies: ["Search", "CVectors"], exclude: ["make_fixtures.py", "tokens.jsonl", "vectors.jsonl"],
      swiftSettings: strict),
    .testTarget(name: "ServerTests", dependencies: ["Connectors", "Dataflow", "Jobs", "Search", "Server", "SLO"], swiftSettings: strict),
    .target(name: "FakeCatalog", dependencies: ["Dataflow", "Jobs"], path: "Tests/Support/FakeCatalog", swiftSettings: strict),
    .testTarget(
      name: "JobsTests",
      dependencies: ["Connectors", "Jobs", "Dataflow", "DataflowTesting", "FakeCatalog", "PlantedData", "SLO"], swiftSettings: strict),
    .testTarget(
      name: "GoldenTests", dependencies: ["Jobs", "Dataflow", "FakeCatalog", "SLO"], exclude: ["analyze", "diagnostics", "plans"],
      swiftSettings: strict),
    .target(name: "SinkTesting", dependencies: ["Connectors", "Dataflow"], path: "Tests/Support/SinkTesting", swiftSettings: strict),
    .testTarget(name: "CrashTests", dependencies: ["Jobs", "Dataflow"], swiftSettings: strict),
    .testTarget(name: "HouseTests", dependencies: ["Jobs", "Dataflow"], swiftSettings: strict),
    .testTarget(
      name: "IntegrationTests",
      dependencies: [
        "Connectors", "Dataflow", "DataflowTesting", "Jobs", "PlantedData", "Postgres", "Search", "SinkTesting",
        .target(name: "Kafka", condition: .when(traits: ["Kafka"])),
      ],
      swiftSettings: strict),
  ],
  cxxLanguageStandard: .cxx17
)
