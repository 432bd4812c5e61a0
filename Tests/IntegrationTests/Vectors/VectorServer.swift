import Connectors
import Dataflow
import Foundation
import Postgres
import Search
import SinkTesting
import Testing

/// Each place where vectors can be kept, on a real server.
enum VectorPlace: String, CaseIterable, Sendable {
  case builtIn, pgvector, milvus

  private static let pgvectorServer = Result { try started("pgvector", "SLOSCOUT_TEST_PGVECTOR") }
  private static let milvusServer = Result { try started("milvus", "SLOSCOUT_TEST_MILVUS") }

  /// The address of a server that runs already, or of one that is started for the tests.
  private static func started(_ name: String, _ variable: String) throws -> String {
    if let url = ProcessInfo.processInfo.environment[variable], !url.isEmpty { return url }
    let url = try TestServer.script("start", of: "\(name).sh", folder: "\(TestServer.root)/.\(name)/test")
    // `atexit` takes a function without a context.
    switch name {
    case "pgvector": atexit { _ = try? TestServer.script("stop", of: "pgvector.sh", folder: "\(TestServer.root)/.pgvector/test") }
    default: atexit { _ = try? TestServer.script("stop", of: "milvus.sh", folder: "\(TestServer.root)/.milvus/test") }
    }
    return url
  }

  /// A database for capsules, and what vectors need besides.
  func home() throws -> VectorHome {
    switch self {
    case .builtIn: VectorHome(self, try TestDatabase(), milvus: nil)
    case .pgvector: VectorHome(self, try TestDatabase(server: Self.pgvectorServer.get()), milvus: nil)
    case .milvus: VectorHome(self, try TestDatabase(), milvus: try Self.milvusOptions(token: Self.milvusToken))
    }
  }

  /// The account of a Milvus that asks for one, as `user:password`; Milvus Lite asks for none.
  static var milvusToken: String? { ProcessInfo.processInfo.environment["SLOSCOUT_TEST_MILVUS_TOKEN"] }

  /// The Milvus of the tests, asked by somebody with this token.
  static func milvusOptions(token: String?) throws -> MilvusOptions {
    var options = MilvusOptions(url: try milvusServer.get())
    options.token = token
    return options
  }
}

/// Where one test keeps its vectors: the sink that writes them and the store that finds them. Its collections go with it.
final class VectorHome {
  let place: VectorPlace
  let database: TestDatabase
  private let milvus: MilvusOptions?
  private let collection = "test_\(UInt64.random(in: 0...UInt64.max))"

  init(_ place: VectorPlace, _ database: TestDatabase, milvus: MilvusOptions?) {
    (self.place, self.database, self.milvus) = (place, database, milvus)
  }

  deinit {
    for name in [collection, "\(collection)_ledger"] { try? command("DropCollection") { $0.append(3, name) } }
  }

  private static func schema(_ dimensions: Int) -> Schema {
    Schema([("shape", .bytes), ("embedding_model", .bytes), ("template", .bytes), ("embedding", .vector(dimensions))])
  }

  /// The sink of the shipped embedding job, for vectors of this size.
  func sink(dimensions: Int) throws -> SinkHarness {
    var options: [String: Config.Value] = ["key": Sinks.list("shape", "embedding_model")]
    if let milvus {
      options["collection"] = .string(collection)
      var connection: [String: Config.Value] = ["url": .string(milvus.url)]
      if let token = milvus.token { connection["token"] = .string(token) }
      return try SinkHarness(MilvusSink.type, Config(options), connection: Config(connection), Self.schema(dimensions))
    }
    options["table"] = .string(VectorStores.table)
    if place == .pgvector { options["types"] = .map([(key: "embedding", value: .string("vector"))]) }
    return try SinkHarness(PostgresSink.type, Config(options), connection: Sinks.connection(database.url), Self.schema(dimensions))
  }

  var location: VectorStores.Location { milvus.map { .milvus($0, collection: collection) } ?? .database }

  /// The store, if there is one yet.
  func store(model: String = "m", dimensions: Int, snapshot: String? = nil) throws -> (any VectorStore)? {
    guard let milvus else {
      return try VectorStores.open(database.client, model: model, dimensions: dimensions, snapshot: snapshot)
    }
    return try VectorStores.open(milvus, collection: collection, model: model, dimensions: dimensions)
  }

  /// Removes the vectors of a shape.
  func remove(_ shape: String, models: [String]) throws {
    guard milvus != nil else {
      try database.client.execute("DELETE FROM \(VectorStores.table) WHERE shape = '\(shape)'")
      return
    }
    try command("Delete") {
      $0.append(3, collection)
      $0.append(5, "id in [\(models.map { MilvusClient.literal("\(shape)/\($0)") }.joined(separator: ","))]")
    }
  }

  /// Makes something under the store's name that cannot be one.
  func makeWrong() throws {
    guard let milvus else {
      try database.client.execute("CREATE TABLE \(VectorStores.table) (shape text, embedding text)")
      return
    }
    try MilvusClient(milvus).create(
      MilvusCollection(
        collection,
        [
          .init("id", .text, isKey: true), .init("shape", .text), .init("embedding_model", .text), .init("embedding", .text),
          .init("other", .vector(3)),
        ]),
      index: [("index_type", "FLAT"), ("metric_type", "L2"), ("params", "{}")])
  }

  /// Removes everything.
  func drop() throws {
    guard milvus != nil else {
      try database.client.execute("DROP TABLE \(VectorStores.table)")
      return
    }
    try command("DropCollection") { $0.append(3, collection) }
  }

  private func command(_ method: String, _ write: (inout WireWriter) -> Void) throws {
    guard let milvus else { return }
    try MilvusClient(milvus).callForStatus(method, write)
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
