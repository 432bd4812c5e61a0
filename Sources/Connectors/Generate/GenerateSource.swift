public import Dataflow

/// The seeded telemetry of a small shop, as JSON lines. See `ShopGenerator` for what stands in them.
///
/// - Output: one bytes field `line`, as the file source gives it; `raws` is the same. JSON fields: `event_id`, `service_name`, `environment`,
///   `timestamp` (milliseconds), `severity`, `message`, `trace_id`, `span_id`.
/// - Splits: `shop-0-of-4` … own every fourth index each; the offset of a record is its index. Positions hold the next index, so the source
///   is replayable at any parallelism.
/// - Complexity: about 300 ns and 300 bytes a record.
public enum GenerateSource {
  /// The catalog entry `generate`.
  public static let type = SourceType(
    Descriptor(
      type: "generate",
      summary:
        "Makes the log lines of a small shop: journeys, a fault, personal data, late and broken records; the same for the same seed.",
      fields: [
        ConfigField("seed", .integer(0...Int64.max), default: "1", "The same seed gives the same lines."),
        ConfigField("records", .integer(0...1_000_000_000_000), default: "0", "How many records there are; 0 = without end."),
        ConfigField("rate", .integer(1...1_000_000_000), example: "1000", "Records per second; by default as fast as the job takes them."),
        ConfigField("start", .string, default: "2026-01-01T00:00:00Z", "Event time of the first record."),
        ConfigField("span", .duration, default: "6h", "Event time that the records cover; without end, event time follows the rate."),
        ConfigField("splits", .integer(1...720), default: "4", "How many parts can be read side by side."),
        ConfigField("outOfOrder", .duration, default: "2m", "How long records are delayed at most."),
        ConfigField("lateFraction", .number, default: "0.003", "The share of records that are hours late."),
        ConfigField("brokenFraction", .number, default: "0.01", "The share of lines that are broken."),
        ConfigField("piiFraction", .number, default: "0.05", "The share of messages with personal data."),
      ],
      example: "records: 1000000\nseed: 7"),
    givesLines: true
  ) { config in
    let options = try options(config)
    let splits = config.int("splits") ?? 4
    let rate = config.int("rate")
    let schema = Schema([("line", .bytes)])
    return PlannedSource(schema: schema, isReplayable: true, isBounded: options.records != nil) {
      GenerateReader(options, line: schema.fields[0], splits: splits, rate: rate)
    }
  }

  /// The shop's options from the source's; what a descriptor cannot say is checked here.
  static func options(_ config: Config) throws -> ShopOptions {
    let records = config.int("records") ?? 0
    let millisecond: Int64 = 1_000_000
    var options = ShopOptions(seed: UInt64(config.int("seed") ?? 1), records: records == 0 ? nil : records)
    if let text = config.string("start") {
      options.start = try start(text, config)
    }
    if let span = config.duration("span") { options.span = span / millisecond }
    if let rate = config.int("rate") { options.perSecond = rate }
    if let delay = config.duration("outOfOrder") { options.outOfOrder = delay / millisecond }
    for (name, path) in [
      ("lateFraction", \ShopOptions.lateFraction), ("brokenFraction", \.brokenFraction), ("piiFraction", \.piiFraction),
    ] {
      guard let share = config.double(name) else { continue }
      guard (0...1).contains(share) else {
        throw config.diagnostic(name, code: DiagnosticCode.outOfRange.rawValue, "a share lies between 0 and 1", hint: "write 0.01 for 1 %")
      }
      options[keyPath: path] = share
    }
    let tooLong = { (name: String) in
      config.diagnostic(name, code: DiagnosticCode.outOfRange.rawValue, "this is negative or longer than a year")
    }
    let year: Int64 = 366 * 86_400_000
    guard (0...year).contains(options.span) else { throw tooLong("span") }
    guard (0...year).contains(options.outOfOrder) else { throw tooLong("outOfOrder") }
    return options
  }

  /// Milliseconds since 1970, of a time between 1971 and 2200.
  private static func start(_ text: String, _ config: Config) throws -> Int64 {
    var bytes = text
    let millisecond: Int64 = 1_000_000
    guard let time = bytes.withUTF8({ RFC3339.parse($0) }), (31_536_000_000..<7_258_118_400_000).contains(time / millisecond) else {
      throw config.diagnostic(
        "start", code: DiagnosticCode.outOfRange.rawValue, "this is no time between 1971 and 2200", hint: "write 2026-01-01T00:00:00Z")
    }
    return time / millisecond
  }
}
