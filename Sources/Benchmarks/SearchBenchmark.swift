internal import Connectors
internal import Foundation
internal import Glibc
internal import Search

/// Search by meaning: how good on labelled questions, and how fast to embed.
public struct SearchBenchmark {
  /// A folder of JSON lines with `event_id` and `template`, one file a system.
  public var templates: String
  /// JSON lines with `query`, `system` and `expected` (a list of event ids).
  public var questions: String
  /// Where ranks go, one JSON line a question, for a scorer; nil for nowhere.
  public var ranks: String?
  /// The model's folder; nil measures search by words.
  public var model: String?

  /// A benchmark.
  public init(templates: String, questions: String, ranks: String?, model: String?) {
    (self.templates, self.questions, self.ranks, self.model) = (templates, questions, ranks, model)
  }

  private struct Line: Decodable {
    var event_id: String
    var template: String
  }
  private struct Question: Decodable {
    var query: String
    var system: String
    var expected: [String]
  }
  private struct Entry: Hashable {
    var system: String
    var event: String
    var template: String
  }

  /// One JSON line of figures. Throws what keeps it from the files or the model.
  public func run() throws -> String {
    let entries = try readTemplates()
    let asked = try Self.lines(URL(filePath: questions), of: Question.self)
    var words = LexicalIndex()
    for entry in entries { words.add(entry.template) }
    var figures: [(String, String)] = [
      ("templates", "\(entries.count)"), ("questions", "\(asked.count)"),
    ]
    var scores = asked.map { words.scores($0.query) }
    if let model {
      let (added, fields) = try byMeaning(entries, asked, ModelFolder(model))
      for question in scores.indices {
        for entry in entries.indices {
          scores[question][entry] = scores[question][entry] * 0.25 + added[question][entry]
        }
      }
      figures += fields
    }
    let ranked = scores.map { row in row.indices.sorted { (row[$1], $0) < (row[$0], $1) } }
    let places = zip(asked, ranked).map { question, order in
      order.firstIndex {
        entries[$0].system == question.system && question.expected.contains(entries[$0].event)
      }
    }
    func share(_ limit: Int) -> String {
      Self.text(
        Double(places.count { $0.map { $0 < limit } == true }) / Double(max(1, places.count)))
    }
    figures += [
      ("method", model == nil ? "\"words\"" : "\"meaning and words\""), ("recall_at_1", share(1)),
      ("recall_at_5", share(5)),
      ("recall_at_10", share(10)),
      (
        "mrr",
        Self.text(
          places.reduce(0) { $0 + ($1.map { 1 / Double($0 + 1) } ?? 0) }
            / Double(max(1, places.count)))
      ),
    ]
    if let ranks { try write(ranked, entries, to: ranks) }
    return "{" + figures.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
  }

  // MARK: Quality

  private func readTemplates() throws -> [Entry] {
    var seen: Set<Entry> = []
    var entries: [Entry] = []
    let files = try FileManager.default.contentsOfDirectory(
      at: URL(filePath: templates), includingPropertiesForKeys: nil)
    for file in files.sorted(by: { $0.path < $1.path }) where file.pathExtension == "jsonl" {
      for line in try Self.lines(file, of: Line.self) {
        let entry = Entry(
          system: file.deletingPathExtension().lastPathComponent, event: line.event_id,
          template: line.template)
        if seen.insert(entry).inserted { entries.append(entry) }
      }
    }
    return entries
  }

  private static func lines<Row: Decodable>(_ file: URL, of type: Row.Type) throws -> [Row] {
    try Data(contentsOf: file).split(separator: 10).map { try JSONDecoder().decode(type, from: $0) }
  }

  private func byMeaning(_ entries: [Entry], _ asked: [Question], _ folder: ModelFolder) throws -> (
    [[Float]], [(String, String)]
  ) {
    #if OpenVINO
    let embedder = try LocalEmbedder(folder, threads: 1)
    let texts = entries.map { entry in
      let text = SearchText.of(entry.template)
      return text.isEmpty ? entry.template : text
    }
    // Shapes that the network has not seen yet cost more: once to warm up, then the measure.
    _ = try embedder.run(texts).get()
    let start = Self.seconds(CLOCK_PROCESS_CPUTIME_ID)
    let vectors = try embedder.run(texts).get()
    let seconds = Self.seconds(CLOCK_PROCESS_CPUTIME_ID) - start
    let queries = try embedder.run(asked.map(\.query)).get()
    let index = VectorIndex(dimensions: embedder.dimensions)
    for vector in vectors { index.add(vector) }
    let scores = queries.map { query in entries.indices.map { index.similarity(query, $0) } }
    return (scores, [("templates_per_cpu_second", Self.text(Double(texts.count) / seconds))])
    #else
    throw BenchmarkError(
      "this program was built without OpenVINO\n  hint: build it with: swift build -c release --traits OpenVINO"
    )
    #endif
  }

  private func write(_ ranked: [[Int]], _ entries: [Entry], to path: String) throws {
    let lines = try ranked.enumerated().map { number, order in
      let top = order.prefix(10).map { [entries[$0].system, entries[$0].event] }
      let row: [String: Any] = ["query_no": number + 1, "ranked": top]
      return String(
        decoding: try JSONSerialization.data(withJSONObject: row, options: .sortedKeys),
        as: UTF8.self)
    }
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: URL(filePath: path))
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static func text(_ value: Double) -> String { String(format: "%.3f", value) }
}
