import Connectors
import Dataflow
import Foundation
import Postgres
import Search
import SinkTesting
import Testing

/// Each place where vectors can be kept, on a real server.
enum VectorPlace: String, CaseIterable, Sendable {
  case builtIn, pgvector

  private static let pgvectorServer = Result {
    if let url = ProcessInfo.processInfo.environment["SLOSCOUT_TEST_PGVECTOR"], !url.isEmpty { return url }
    let folder = "\(TestServer.root)/.pgvector/test"
    let url = try TestServer.script("start", of: "pgvector.sh", folder: folder)
    atexit { _ = try? TestServer.script("stop", of: "pgvector.sh", folder: "\(TestServer.root)/.pgvector/test") }
    return url
  }

  func database() throws -> TestDatabase {
    switch self {
    case .builtIn: try TestDatabase()
    case .pgvector: try TestDatabase(server: Self.pgvectorServer.get())
    }
  }

  /// The sink of the shipped embedding job, for vectors of this size.
  func sink(_ url: String, dimensions: Int) throws -> SinkHarness {
    let schema = Schema([("shape", .bytes), ("embedding_model", .bytes), ("template", .bytes), ("embedding", .vector(dimensions))])
    var options: [String: Config.Value] = ["table": .string(VectorStores.table), "key": Sinks.list("shape", "embedding_model")]
    if self == .pgvector { options["types"] = .map([(key: "embedding", value: .string("vector"))]) }
    return try SinkHarness(PostgresSink.type, Config(options), connection: Sinks.connection(url), schema)
  }
}

/// Unit vectors that depend on a seed only.
struct VectorGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 2_862_933_555_777_941_757 &+ 3_037_000_493 }

  mutating func vector(_ dimensions: Int) -> [Float] {
    let numbers = (0..<dimensions).map { _ -> Float in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(state >> 40) / Float(1 << 24) - 0.5
    }
    return VectorCheck.normalized(numbers) ?? [Float](repeating: 1, count: dimensions)
  }
}
