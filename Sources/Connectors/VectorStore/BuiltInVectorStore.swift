internal import Foundation
internal import Postgres
internal import Search

/// Vectors in a table of an ordinary PostgreSQL, and an index of them in this process.
///
/// The table is the truth. Every question first asks whether the shapes are those that are known (they never change their vector), and reads the vectors of
/// new ones.
/// The index can be kept in a file; a file that is missing, damaged or of another model is made anew from the table.
final class BuiltInVectorStore: VectorStore {
  private let client: PostgresClient
  private let model: String
  private let dimensions: Int
  private let file: String?
  private var index: VectorIndex
  /// The shape of each number of the index; removed ones too.
  private var shapes: [String] = []
  private var numbers: [String: Int] = [:]
  private var hasLoaded = false
  /// What the table said about all of its shapes together when it was last read.
  private var seen: [String?] = []
  /// What the file has: vectors, and how many of them in the graph.
  private var saved = (vectors: 0, inGraph: 0)
  /// Vectors that are put into the graph at a time: nobody waits for longer than these take, some ten milliseconds.
  private static let step = 50
  /// Vectors of one answer of the server: about 6 MB of text.
  private static let page = 1000

  init(_ client: PostgresClient, model: String, dimensions: Int, snapshot: String?, graphFrom: Int) {
    (self.client, self.model, self.dimensions, file) = (client, model, dimensions, snapshot)
    index = VectorIndex(dimensions: dimensions, graphFrom: graphFrom)
  }

  func count() throws -> Int {
    try refresh()
    return index.liveCount
  }

  func nearest(_ vector: [Float], limit: Int, among wanted: Set<String>?) throws -> [NearTemplate] {
    try refresh()
    let allowed = wanted.map { Set($0.compactMap { numbers[$0] }) }
    // One more than asked for tells nothing about equal ones beyond: few are equal, and any of them is as good.
    let hits = index.search(vector, limit: limit, where: allowed.map { allowed in { allowed.contains($0) } })
    return hits.map { NearTemplate(shape: shapes[$0.number], similarity: $0.similarity) }
      .sorted { ($1.similarity, $0.shape) < ($0.similarity, $1.shape) }
  }

  func prepare() -> VectorPreparation {
    index.extendGraph(by: Self.step)
    let isDone = index.missingInGraph == 0
    if isDone, let file, index.inGraph > 0, isWorthSaving { save(file) }
    return VectorPreparation(done: index.inGraph, total: index.inGraph + index.missingInGraph)
  }

  // MARK: The table

  private func refresh() throws {
    if !hasLoaded, let file { load(file) }
    hasLoaded = true
    // Their number and a sum over them: a thousandth of what they are to read.
    let state =
      try client.query(
        "SELECT count(*), sum(hashtext(shape)::bigint) FROM \(VectorStores.table) WHERE embedding_model = $1", [model]
      ).rows.first ?? []
    guard state != seen else { return }
    let present = try client.query("SELECT shape FROM \(VectorStores.table) WHERE embedding_model = $1", [model]).rows.compactMap { $0[0] }
    let there = Set(present)
    let gone = numbers.filter { !there.contains($0.key) }
    for (shape, number) in gone {
      index.remove(number)
      numbers[shape] = nil
    }
    let new = present.filter { numbers[$0] == nil }.sorted()
    for start in stride(from: 0, to: new.count, by: Self.page) { try read(Array(new[start..<min(start + Self.page, new.count)])) }
    // What is written between the two questions is read with the next.
    seen = state
    if let file, isWorthSaving { save(file) }
  }

  /// A file has all vectors: it is written when a hundredth of them is new, or when the graph is there that it has not.
  private var isWorthSaving: Bool {
    index.count - saved.vectors > saved.vectors / 100 || index.missingInGraph == 0 && index.inGraph - saved.inGraph > saved.inGraph / 100
  }

  private func read(_ wanted: [String]) throws {
    // As bytes: reading digits takes twenty times as long.
    let rows = try client.query(
      """
      SELECT shape, encode(array_send(embedding), 'hex') FROM \(VectorStores.table)
      WHERE embedding_model = $1 AND shape = ANY($2::text[]) ORDER BY shape
      """,
      [model, SQLArray.literal(wanted)]
    ).rows
    for row in rows {
      // Another size, or a number that is none: somebody else wrote it. It cannot be compared, so it is not found.
      guard let shape = row[0], let numbers = row[1].flatMap({ SQLArray.floats($0, count: dimensions) }),
        let vector = VectorCheck.normalized(numbers)
      else { continue }
      self.numbers[shape] = index.add(vector)
      shapes.append(shape)
    }
  }

  // MARK: The file

  private struct Header: Codable {
    var model: String
    var shapes: [String]
    var removed: [Int]
  }

  private func load(_ file: String) {
    guard let data = FileManager.default.contents(atPath: file), let end = data.firstIndex(of: 10),
      let header = try? JSONDecoder().decode(Header.self, from: data[..<end]), header.model == model,
      let restored = try? VectorIndex(snapshot: Array(data[data.index(after: end)...])), restored.dimensions == dimensions,
      restored.count == header.shapes.count
    else { return }
    let removed = Set(header.removed)
    index = restored
    shapes = header.shapes
    for (number, shape) in shapes.enumerated() where !removed.contains(number) { numbers[shape] = number }
    saved = (index.count, index.inGraph)
  }

  /// Best effort: without the file the next start reads the table.
  private func save(_ file: String) {
    let live = Set(numbers.values)
    let header = Header(model: model, shapes: shapes, removed: shapes.indices.filter { !live.contains($0) })
    guard var data = try? JSONEncoder().encode(header) else { return }
    data.append(10)
    data.append(contentsOf: index.snapshot())
    let folder = (file as NSString).deletingLastPathComponent
    if !folder.isEmpty { try? FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true) }
    saved = (index.count, index.inGraph)
    try? data.write(to: URL(filePath: file), options: .atomic)
  }
}
