/// What a scrape found, as the remote-write request that a Prometheus would send of it: the spool and the decoder know one form of samples.
package struct ScrapeRecord {
  private let job: String
  private let instance: String
  /// Milliseconds since 1970 of the scrape.
  private let time: Int64
  private var writer = WireWriter()
  private var types: [String: UInt64] = [:]
  private var units: [String: String] = [:]
  private var helps: [String: String] = [:]
  /// Samples that were added, without those of the scrape itself.
  private(set) var samples = 0

  package init(job: String, instance: String, time: Int64) {
    self.job = job
    self.instance = instance
    self.time = time
  }

  /// Adds everything that the text exposes. Throws `ExpositionParser.Malformed`; the record then holds a part of it.
  package mutating func add(_ text: [UInt8], isOpenMetrics: Bool) throws {
    var parser = ExpositionParser(isOpenMetrics: isOpenMetrics)
    try parser.parse(text) { line in
      switch line {
      case .help(let family, let text): helps[family] = text
      case .type(let family, let word): types[family] = Self.type(word)
      case .unit(let family, let unit): units[family] = unit
      case .sample(let sample): add(sample)
      case .end: break
      }
    }
    for family in Set(types.keys).union(helps.keys).union(units.keys).sorted() {
      writer.append(3) {
        $0.append(1, varint: types[family] ?? 0)
        $0.append(2, family)
        $0.append(4, helps[family] ?? "")
        $0.append(5, units[family] ?? "")
      }
    }
  }

  /// The request, in the form that the spool keeps: `up`, how long it took and how many samples there were go along.
  package func kept(isUp: Bool, seconds: Double) -> [UInt8] {
    var whole = self
    for (name, value) in [
      ("up", isUp ? 1 : 0), ("scrape_duration_seconds", seconds), ("scrape_samples_scraped", Double(isUp ? samples : 0)),
    ] { whole.append(name, [], value, time) }
    return [RemoteWriteRequest.Version.one.rawValue] + whole.writer.bytes
  }

  private mutating func add(_ sample: ExpositionParser.Sample) {
    samples += 1
    append(sample.name, sample.labels, sample.value, sample.time ?? time, sample.exemplar)
  }

  private mutating func append(
    _ name: String, _ own: [ExpositionParser.Label], _ value: Double, _ at: Int64, _ exemplar: ExpositionParser.Exemplar? = nil
  ) {
    var labels = [("__name__", name), ("job", job), ("instance", instance)]
    for label in own where !label.value.isEmpty {
      // What the target says of itself must not hide who was asked.
      labels.append((label.name == "job" || label.name == "instance" ? "exported_\(label.name)" : label.name, label.value))
    }
    labels.sort { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }
    writer.append(1) { series in
      for (name, value) in labels { Self.append(1, name, value, &series) }
      series.append(2) {
        $0.append(1, double: value)
        $0.append(2, varint: UInt64(bitPattern: at))
      }
      guard let exemplar else { return }
      series.append(3) {
        for label in exemplar.labels { Self.append(1, label.name, label.value, &$0) }
        $0.append(2, double: exemplar.value)
        $0.append(3, varint: UInt64(bitPattern: exemplar.time ?? at))
      }
    }
  }

  private static func append(_ number: Int, _ name: String, _ value: String, _ writer: inout WireWriter) {
    writer.append(number) {
      $0.append(1, name)
      $0.append(2, value)
    }
  }

  /// The number of Prometheus' `MetricType` for a word of `# TYPE`.
  private static func type(_ word: String) -> UInt64 {
    switch word {
    case "counter": 1
    case "gauge": 2
    case "histogram": 3
    case "gaugehistogram": 4
    case "summary": 5
    case "info": 6
    case "stateset": 7
    default: 0
    }
  }
}
