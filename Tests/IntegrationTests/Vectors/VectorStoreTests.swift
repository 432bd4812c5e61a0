import Connectors
import Dataflow
import Foundation
import Postgres
import Search
import SinkTesting
import Testing

@Suite("vector stores: what all of them do, on real servers", .serialized)
struct VectorStoreTests {
  private static let dimensions = 48

  private func rows(_ vectors: [(String, [Float])], model: String = "m") -> [[TestValue]] {
    vectors.map { [.text($0.0), .text(model), .text("template of \($0.0)"), .floats($0.1)] }
  }

  private func vectors(_ count: Int, seed: UInt64) -> [(String, [Float])] {
    var random = VectorGenerator(seed: seed)
    return (0..<count).map { (String(format: "%032x", $0 + Int(seed) * 100_000), random.vector(Self.dimensions)) }
  }

  private func naive(_ query: [Float], _ vectors: [(String, [Float])], _ limit: Int) -> [String] {
    vectors.map { ($0.0, zip(query, $0.1).reduce(Float(0)) { $0 + $1.0 * $1.1 }) }.sorted { ($1.1, $0.0) < ($0.1, $1.0) }.prefix(limit).map(
      \.0)
  }

  private func open(_ home: VectorHome, snapshot: String? = nil, model: String = "m") throws -> any VectorStore {
    try #require(try home.store(model: model, dimensions: Self.dimensions, snapshot: snapshot))
  }

  @Test("what the sink wrote is found: the nearest, in order, with their cosines", arguments: VectorPlace.allCases)
  func nearest(place: VectorPlace) throws {
    let home = try place.home()
    let sink = try home.sink(dimensions: Self.dimensions)
    let (committer, _) = try sink.open(isFresh: true)
    let all = vectors(1500, seed: 1)
    #expect(try committer.apply(sink.epoch(1, rows(all))) == ApplyReport(applied: 1500))
    let store = try open(home)
    #expect(try store.count() == 1500)
    var found = 0
    for (shape, vector) in all.prefix(40) {
      let near = try store.nearest(vector, limit: 10, among: nil)
      #expect(near.count == 10 && near.first?.shape == shape && abs((near.first?.similarity ?? 0) - 1) < 1e-3)
      #expect(zip(near, near.dropFirst()).allSatisfy { $0.similarity >= $1.similarity })
      let truth = Set(naive(vector, all, 10))
      found += near.count { truth.contains($0.shape) }
    }
    #expect(found >= 390, "\(found) of 400 nearest")
  }

  @Test("only the shapes that are asked for are found, few or many", arguments: VectorPlace.allCases)
  func among(place: VectorPlace) throws {
    let home = try place.home()
    let sink = try home.sink(dimensions: Self.dimensions)
    let (committer, _) = try sink.open(isFresh: true)
    let all = vectors(800, seed: 2)
    _ = try committer.apply(sink.epoch(1, rows(all)))
    let store = try open(home)
    for count in [0, 1, 3, 400] {
      let wanted = all.suffix(count).map { $0 }
      let near = try store.nearest(all[0].1, limit: 5, among: Set(wanted.map(\.0))).map(\.shape)
      let truth = naive(all[0].1, wanted, 5)
      // Of many, a server's graph may miss one.
      let isNearly = near.count == 5 && near.count { truth.contains($0) } >= 4
      #expect(near == truth || place != .builtIn && count > 5 && isNearly, "\(count) wanted")
    }
    #expect(try store.nearest(all[0].1, limit: 5, among: ["none", "of \"these\", {}"]).isEmpty)
    #expect(try store.nearest(all[0].1, limit: 0, among: nil).isEmpty)
  }

  @Test(
    "a row that comes again is the same row; rows that come or go later are seen; other models are not", arguments: VectorPlace.allCases)
  func changes(place: VectorPlace) throws {
    let home = try place.home()
    let sink = try home.sink(dimensions: Self.dimensions)
    let (committer, _) = try sink.open(isFresh: true)
    let all = vectors(60, seed: 3)
    _ = try committer.apply(sink.epoch(1, rows(Array(all[..<40]))))
    let store = try open(home)
    #expect(try store.count() == 40)
    _ = try committer.apply(sink.epoch(2, rows(Array(all[20...])) + rows(all, model: "other")))
    #expect(try store.count() == 60 && (try open(home, model: "other")).count() == 60)
    #expect(try store.nearest(all[59].1, limit: 1, among: nil).first?.shape == all[59].0)
    try home.remove(all[59].0, models: ["m", "other"])
    #expect(try store.count() == 59 && (try store.nearest(all[59].1, limit: 60, among: nil)).allSatisfy { $0.shape != all[59].0 })
    #expect(try open(home, model: "nobody").nearest(all[0].1, limit: 3, among: nil).isEmpty)
  }

  @Test("an epoch that is applied again, after a crash, changes nothing", arguments: VectorPlace.allCases)
  func replay(place: VectorPlace) throws {
    let home = try place.home()
    let sink = try home.sink(dimensions: Self.dimensions)
    let (committer, _) = try sink.open(isFresh: true)
    let epoch = try sink.epoch(1, rows(vectors(10, seed: 4)))
    _ = try committer.apply(epoch)
    let (again, last) = try sink.open()
    #expect(try last == 1 && (again.apply(epoch)).wasApplied)
    #expect(try open(home).count() == 10)
  }

  @Test("before the first vector there is no store, and a column of another kind is told", arguments: VectorPlace.allCases)
  func missing(place: VectorPlace) throws {
    let home = try place.home()
    #expect(try home.store(dimensions: 3) == nil)
    try home.makeWrong()
    let error = #expect(throws: SinkError.self) { _ = try home.store(dimensions: 3) }
    #expect(error?.message.contains("\"embedding\"") == true && error?.retry == .never, "\(error?.description ?? "")")
  }

  @Test("vectors of a size that the column has not are refused rows, and the others stay", arguments: [VectorPlace.pgvector])
  func wrongSize(place: VectorPlace) throws {
    let home = try place.home()
    let sink = try home.sink(dimensions: Self.dimensions)
    let (committer, _) = try sink.open(isFresh: true)
    let bad: [TestValue] = ["bad", "m", "t", .floats([1, 2])]
    #expect(try committer.apply(sink.epoch(1, rows(vectors(5, seed: 5)) + [bad])) == ApplyReport(applied: 5, refused: 1))
  }

  @Test(
    "a Milvus that asks for an account refuses others, and the error says what to check without the token",
    .enabled(if: VectorPlace.milvusToken != nil, "Milvus Lite has no accounts; scripts/soak.sh starts a server that has"))
  func account() throws {
    for token in [nil, "root:wrong-word", "nobody:Milvus"] {
      let error = #expect(throws: MilvusError.self) { try MilvusClient(VectorPlace.milvusOptions(token: token)).collection("none") }
      #expect(error?.hint == "check the connection's token" && error?.isTransient == false, "\(error.map { "\($0)" } ?? "")")
      #expect(error?.description.contains("wrong-word") == false)
    }
    #expect(try MilvusClient(VectorPlace.milvusOptions(token: VectorPlace.milvusToken)).collection("none") == nil)
  }

  @Test("a server without pgvector says how to go on")
  func withoutExtension() throws {
    let home = try VectorHome(.pgvector, TestDatabase(), milvus: nil)
    let sink = try home.sink(dimensions: Self.dimensions)
    // The database goes with its home.
    let error = withExtendedLifetime(home) { #expect(throws: SinkError.self) { _ = try sink.open(isFresh: true) } }
    #expect(error?.message.contains("no pgvector") == true && error?.hint.contains("real[]") == true, "\(error?.description ?? "")")
  }

  @Test("the index in a file is used by the next start, follows the table, and is made anew when it is damaged")
  func snapshot() throws {
    let home = try VectorPlace.builtIn.home()
    let sink = try home.sink(dimensions: Self.dimensions)
    let (committer, _) = try sink.open(isFresh: true)
    let all = vectors(50, seed: 6)
    _ = try committer.apply(sink.epoch(1, rows(Array(all[..<40]))))
    let file = FileManager.default.temporaryDirectory.appending(path: "index-\(UUID())/vectors").path
    defer { try? FileManager.default.removeItem(atPath: (file as NSString).deletingLastPathComponent) }
    let expected = naive(all[3].1, Array(all[1...]), 10)
    #expect(try open(home, snapshot: file).count() == 40)
    #expect(FileManager.default.fileExists(atPath: file))
    _ = try committer.apply(sink.epoch(2, rows(Array(all[40...]))))
    try home.remove(all[0].0, models: ["m"])
    for _ in 0..<2 { #expect(try open(home, snapshot: file).nearest(all[3].1, limit: 10, among: nil).map(\.shape) == expected) }
    var bytes = try #require(FileManager.default.contents(atPath: file))
    bytes[bytes.count / 2] ^= 1
    try bytes.write(to: URL(filePath: file))
    #expect(try open(home, snapshot: file).nearest(all[3].1, limit: 10, among: nil).map(\.shape) == expected)
  }

  @Test("vectors that somebody else wrote and that cannot be compared are not found, and the others are, exactly as they are")
  func foreign() throws {
    let home = try VectorPlace.builtIn.home()
    let sink = try home.sink(dimensions: Self.dimensions)
    let (committer, _) = try sink.open(isFresh: true)
    let all = vectors(20, seed: 12)
    _ = try committer.apply(sink.epoch(1, rows(all)))
    let zeros = "array_fill(0::real, ARRAY[\(Self.dimensions)])"
    for (shape, value) in [
      ("short", "'{1,2}'"), ("empty", "'{}'"), ("null", "NULL"), ("nulls", "array_fill(NULL::real, ARRAY[\(Self.dimensions)])"),
      ("square", "array_fill(1::real, ARRAY[1, \(Self.dimensions)])"), ("zero", zeros), ("nan", "array_replace(\(zeros), 0, 'NaN')"),
    ] {
      try home.database.client.execute("INSERT INTO \(VectorStores.table) VALUES ('\(shape)', 'm', 't', \(value))")
    }
    // Numbered from elsewhere, which says nothing about the numbers.
    let numbers = all[5].1.map { "\($0)" }.joined(separator: ",")
    try home.database.client.execute(
      "INSERT INTO \(VectorStores.table) VALUES ('other', 'm', 't', '[3:\(Self.dimensions + 2)]={\(numbers)}'::real[])")
    try home.database.client.execute("SET bytea_output = 'escape'")
    let store = try open(home)
    #expect(try store.count() == 21)
    let near = try store.nearest(all[5].1, limit: 2, among: nil)
    #expect(Set(near.map(\.shape)) == [all[5].0, "other"] && near.allSatisfy { abs($0.similarity - 1) < 1e-6 })
  }

  @Test("the graph is built in steps between questions, which are answered all along, and the file has it for the next start")
  func preparation() throws {
    let home = try VectorPlace.builtIn.home()
    let sink = try home.sink(dimensions: Self.dimensions)
    let (committer, _) = try sink.open(isFresh: true)
    let all = vectors(320, seed: 8)
    _ = try committer.apply(sink.epoch(1, rows(Array(all[..<300]))))
    let file = FileManager.default.temporaryDirectory.appending(path: "index-\(UUID())/vectors").path
    defer { try? FileManager.default.removeItem(atPath: (file as NSString).deletingLastPathComponent) }
    func store() throws -> any VectorStore {
      try #require(
        try VectorStores.open(home.database.client, model: "m", dimensions: Self.dimensions, snapshot: file, graphFrom: 100))
    }
    let first = try store()
    #expect(try first.count() == 300)
    var reached = VectorPreparation(done: 0, total: 300)
    var steps = 0
    while reached.done < reached.total {
      let before = reached.done
      reached = first.prepare()
      steps += 1
      #expect(reached.total == 300 && reached.done > before)
      let near = try first.nearest(all[steps].1, limit: 5, among: nil)
      #expect(near.first?.shape == all[steps].0 && near.count == 5)
    }
    #expect(steps > 1)
    // The next start has it at once; what came since is added to it.
    let second = try store()
    _ = try committer.apply(sink.epoch(2, rows(Array(all[300...]))))
    #expect(try second.count() == 320)
    #expect(try second.nearest(all[310].1, limit: 1, among: nil).first?.shape == all[310].0)
    #expect(second.prepare() == VectorPreparation(done: 320, total: 320))
    // A store of few vectors has nothing to prepare.
    let few = try #require(try VectorStores.open(home.database.client, model: "m", dimensions: Self.dimensions))
    #expect(try few.count() == 320 && few.prepare() == VectorPreparation(done: 0, total: 0))
  }
}
