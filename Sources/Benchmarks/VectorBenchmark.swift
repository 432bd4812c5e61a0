internal import Connectors
internal import Foundation
internal import Glibc
internal import Search

/// The nearest of many vectors: by looking at each, and by the graph. Figures of one thread, in its CPU time: what else runs on the machine does not count,
/// but for the memory that it takes part in.
public struct VectorBenchmark {
  /// Vectors in the index.
  public var count: Int
  /// Questions that are asked.
  public var questions: Int
  /// Candidates that the graph keeps: one row of figures each.
  public var efforts = [VectorIndex.usualEffort]
  /// A folder of JSON lines with `template`: vectors are those of texts made of them. Nil makes vectors up.
  public var templates: String?
  /// The model's folder.
  public var model = ".model"
  /// Where the vectors of texts are kept, and taken from when they are there; nil for nowhere.
  public var file: String?

  private static let dimensions = ModelFolder.dimensions

  /// A benchmark.
  public init(count: Int, questions: Int) { (self.count, self.questions) = (count, questions) }

  /// Prints one JSON line of figures for looking at each vector, then one for each effort. Throws what keeps it from the files or the model.
  public func run(_ print: (String) -> Void) throws {
    let all = try vectors(count + questions)
    let index = VectorIndex(dimensions: Self.dimensions, graphFrom: 1)
    for vector in all.prefix(count) { index.add(vector) }
    let asked = Array(all.dropFirst(count))
    let exact = Self.measure(asked) { index.searchAll($0, limit: 10) }
    let start = ThreadClock.seconds
    index.extendGraph()
    let building = ThreadClock.seconds - start
    let kind = templates == nil ? "made up" : "of texts"
    print(line(kind, "every vector", exact.times, [("recall_at_10", "1")]))
    for effort in efforts {
      let found = Self.measure(asked) { index.search($0, limit: 10, effort: effort) }
      let same = zip(exact.hits, found.hits).reduce(0) { sum, pair in
        sum + Set(pair.0.map(\.number)).intersection(pair.1.map(\.number)).count
      }
      let recall = Double(same) / Double(exact.hits.reduce(0) { $0 + $1.count })
      print(
        line(
          kind, "graph", found.times,
          [
            ("effort", "\(effort)"), ("recall_at_10", String(format: "%.4f", recall)),
            ("build_cpu_seconds", String(format: "%.1f", building)),
          ]))
    }
  }

  private func line(_ kind: String, _ how: String, _ times: [Double], _ more: [(String, String)]) -> String {
    func percentile(_ share: Double) -> String { String(format: "%.3f", times.sorted()[Int(Double(times.count - 1) * share)] * 1000) }
    let figures = [
      ("vectors", "\(count)"), ("dimensions", "\(Self.dimensions)"), ("kind", "\"\(kind)\""), ("how", "\"\(how)\""),
      ("questions", "\(times.count)"), ("cpu_ms_p50", percentile(0.5)), ("cpu_ms_p95", percentile(0.95)),
    ]
    return "{" + (figures + more).map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
  }

  private static func measure(_ asked: [[Float]], _ search: ([Float]) -> [VectorHit]) -> (hits: [[VectorHit]], times: [Double]) {
    var result: (hits: [[VectorHit]], times: [Double]) = ([], [])
    for question in asked {
      let start = ThreadClock.seconds
      result.hits.append(search(question))
      result.times.append(ThreadClock.seconds - start)
    }
    return result
  }

  // MARK: Vectors

  private func vectors(_ wanted: Int) throws -> [[Float]] {
    guard let templates else { return Self.madeUp(wanted) }
    if let file, let kept = FileManager.default.contents(atPath: file), kept.count >= wanted * Self.dimensions * 4 {
      return kept.withUnsafeBytes { bytes in
        (0..<wanted).map { number in
          (0..<Self.dimensions).map { bytes.loadUnaligned(fromByteOffset: (number * Self.dimensions + $0) * 4, as: Float.self) }
        }
      }
    }
    let vectors = try Self.embedded(try Self.texts(wanted, of: templates), ModelFolder(model))
    if let file {
      var bytes = Data(capacity: wanted * Self.dimensions * 4)
      for vector in vectors { vector.withUnsafeBytes { bytes.append(contentsOf: $0) } }
      try bytes.write(to: URL(filePath: file))
    }
    return vectors
  }

  /// Distinct texts, in an order of chance: each is the beginning of one template and the end of another.
  private static func texts(_ wanted: Int, of folder: String) throws -> [String] {
    struct Line: Decodable { var template: String }
    var templates: Set<[Substring]> = []
    for file in try FileManager.default.contentsOfDirectory(at: URL(filePath: folder), includingPropertiesForKeys: nil)
    where file.pathExtension == "jsonl" {
      for line in try Data(contentsOf: file).split(separator: 10) {
        templates.insert(SearchText.of(try JSONDecoder().decode(Line.self, from: line).template).split(separator: " "))
      }
    }
    let parts = templates.filter { $0.count > 1 }.sorted { $0.joined(separator: " ") < $1.joined(separator: " ") }
    guard parts.count * (parts.count - 1) / 2 > wanted else {
      throw BenchmarkError("\(folder) has \(parts.count) templates: too few for \(wanted) texts")
    }
    var random = SplitMix(state: 7)
    var seen: Set<String> = []
    var texts: [String] = []
    while texts.count < wanted {
      let (first, second) = (parts[random.below(parts.count)], parts[random.below(parts.count)])
      let text = (first.prefix((first.count + 1) / 2) + second.suffix(second.count / 2)).joined(separator: " ")
      if seen.insert(text).inserted { texts.append(text) }
    }
    return texts
  }

  private static func embedded(_ texts: [String], _ folder: ModelFolder) throws -> [[Float]] {
    #if OpenVINO
    let embedder = try LocalEmbedder(folder, threads: 1)
    var vectors: [[Float]] = []
    for start in stride(from: 0, to: texts.count, by: embedder.maxTexts) {
      vectors += try embedder.run(Array(texts[start..<min(start + embedder.maxTexts, texts.count)])).get()
    }
    return vectors
    #else
    throw BenchmarkError("this program was built without OpenVINO\n  hint: build it with: swift build -c release --traits OpenVINO")
    #endif
  }

  /// Vectors around 2,000 centres.
  private static func madeUp(_ wanted: Int) -> [[Float]] {
    var random = SplitMix(state: 42)
    let centres = (0..<2_000).map { _ in (0..<dimensions).map { _ in random.normal() } }
    return (0..<wanted).map { _ in
      let centre = centres[random.below(centres.count)]
      return VectorCheck.normalized(centre.map { $0 + 0.7 * random.normal() }) ?? centre
    }
  }

  private struct SplitMix {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9e37_79b9_7f4a_7c15
      var bits = state
      bits = (bits ^ (bits >> 30)) &* 0xbf58_476d_1ce4_e5b9
      bits = (bits ^ (bits >> 27)) &* 0x94d0_49bb_1331_11eb
      return bits ^ (bits >> 31)
    }
    mutating func below(_ limit: Int) -> Int { Int(next() % UInt64(limit)) }
    /// About normal, with variance 1: the sum of the four 16-bit parts of a number.
    mutating func normal() -> Float {
      let bits = next()
      let sum = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
      return (Float(sum) / 65_536 - 2) * 1.732
    }
  }
}

/// CPU time of the calling thread.
enum ThreadClock {
  static var seconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}
