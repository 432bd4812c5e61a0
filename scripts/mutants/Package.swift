// swift-tools-version: 6.2
// The engine, its windows and their simulation alone: what a mutant needs, so that it builds in seconds.
import PackageDescription

let strict: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]
let log: Target.Dependency = .product(name: "Logging", package: "swift-log")

let package = Package(
  name: "mutant",
  dependencies: [.package(url: "https://github.com/apple/swift-log", from: "1.16.2")],
  targets: [
    .target(name: "CScan"),
    .systemLibrary(name: "CZstd", path: "Sources/Bindings/CZstd", pkgConfig: "libzstd"),
    .target(name: "Zstd", dependencies: ["CZstd"], path: "Sources/Bindings/Zstd", swiftSettings: strict),
    .target(name: "Dataflow", dependencies: ["CScan", "Zstd", log], swiftSettings: strict),
    .target(name: "DataflowTesting", dependencies: ["Dataflow"], swiftSettings: strict),
    .target(name: "Operators", dependencies: ["Dataflow", "CScan"], swiftSettings: strict),
    .testTarget(name: "SimulationTests", dependencies: ["DataflowTesting", "Dataflow", "Operators"], swiftSettings: strict),
    .testTarget(name: "DataflowTests", dependencies: ["DataflowTesting", "Dataflow", "Operators"], swiftSettings: strict),
  ]
)
