internal import Dataflow

/// What the window operators have in common: reads the options, resolves fields, makes the aggregates.
struct WindowConfig: Sendable {
  struct Aggregate: Sendable {
    let name: String
    let type: ColumnType
    let make: @Sendable () -> any AggregateFunction
  }
  let keys: [Field]
  let aggregates: [Aggregate]
  let allowedLateness: Int64
  /// Nanoseconds of processing time between early results; nil = only when a window closes.
  let emitEvery: Int64?
  /// What the operator hands on: keys, aggregates, then the window's own fields.
  let output: Schema
  /// Every input field it reads.
  let reads: [Field]

  static let windowFields: [(String, ColumnType)] = [
    ("window_start", .time), ("window_end", .time), ("revision", .int64), ("final", .bool),
  ]

  static let fields: [ConfigField] = [
    ConfigField("keyBy", .list(.string), required: true, example: "[service, shape]", "The fields that make the key."),
    ConfigField(
      "allowedLateness", .duration, default: "0s",
      "How long after its end a window still takes late records; each one gives a new revision."),
    ConfigField(
      "emit", .object([ConfigField("every", .duration, required: true, "Processing time between two early results of an open window.")]),
      example: "{ every: 10s }", "Show results while a window is open: full rows with a growing `revision` and `final: false`."),
    ConfigField("aggregate", .map(.object(Self.aggregateFields)), required: true, "Name of an output field to what it shows."),
  ]

  private static let aggregateFields: [ConfigField] = [
    ConfigField(
      "type", .choice(["count", "sum", "min", "max", "first", "distribution", "reservoir", "top-k"]), required: true, "Which aggregate."),
    ConfigField("field", .string, "The field it reads. `min` and `max` without one take the event time."),
    ConfigField("size", .integer(1...1000), default: "10", "reservoir, top-k: how many entries."),
    ConfigField("by", .string, "reservoir: the id whose hash decides; the first of `fields` when left out."),
    ConfigField("fields", .list(.string), "reservoir: what a sample shows; `id=event_id` renames."),
    ConfigField("seed", .integer(0...Int64.max), default: "42", "reservoir: which of the equally good samples."),
    ConfigField("maxBytes", .byteCount, default: "4KiB", "reservoir: longest value kept."),
    ConfigField("categories", .integer(1...256), default: "8", "distribution: most values told apart; the rest is `other`."),
  ]

  init(_ config: Config, _ input: Schema) throws {
    keys = try (config.strings("keyBy") ?? []).map { try Self.field($0, input, config, "keyBy") }
    allowedLateness = config.duration("allowedLateness") ?? 0
    emitEvery = config.object("emit")?.duration("every")
    var reads = keys
    var aggregates: [Aggregate] = []
    for (name, value) in config.map("aggregate") ?? [] {
      guard case .object(let options) = value else { continue }
      let (aggregate, used) = try Self.aggregate(name, options, input)
      aggregates.append(aggregate)
      reads += used
    }
    self.aggregates = aggregates
    var seen: Set<Int> = []
    self.reads = reads.filter { seen.insert($0.column).inserted }
    var output = Schema(keys.map { ($0.name, $0.type) } + aggregates.map { ($0.name, $0.type) })
    for (name, type) in Self.windowFields { output.append(name, type) }
    self.output = output
  }

  private static func aggregate(_ name: String, _ options: Config, _ input: Schema) throws -> (Aggregate, [Field]) {
    func needed(_ types: [ColumnType]) throws -> Field {
      guard let text = options.string("field") else {
        throw options.diagnostic("type", code: "config.missing-field", "aggregate \"\(name)\" needs a field", hint: "add field: NAME")
      }
      let field = try Self.field(text, input, options, "field")
      guard types.contains(field.type) else {
        throw options.diagnostic(
          "field", code: "config.wrong-field-type", "aggregate \"\(name)\" cannot read \"\(text)\", which is \(field.type)",
          hint: "name a field of type \(types.map { "\($0)" }.joined(separator: " or "))")
      }
      return field
    }
    let numbers: [ColumnType] = [.int64, .double, .time]
    switch options.string("type") ?? "" {
    case "sum":
      let field = try needed([.int64, .double])
      return (Aggregate(name: name, type: field.type) { Sum(field) }, [field])
    case "min", "max":
      let field = options.string("field") == nil ? nil : try needed(numbers)
      let wantsMax = options.string("type") == "max"
      return (Aggregate(name: name, type: field?.type ?? .time) { Extremum(field, max: wantsMax) }, field.map { [$0] } ?? [])
    case "first":
      let field = try needed([.bytes])
      return (Aggregate(name: name, type: .bytes) { FirstValue(field) }, [field])
    case "distribution":
      let field = try needed([.bytes])
      let categories = options.int("categories") ?? 8
      return (Aggregate(name: name, type: .bytes) { Distribution(field, categories: categories) }, [field])
    case "reservoir":
      let shown = try (options.strings("fields") ?? []).map { text in
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        return (parts[0], try Self.field(parts.last ?? text, input, options, "fields"))
      }
      guard let first = shown.first else {
        throw options.diagnostic(
          "type", code: "config.missing-field", "aggregate \"\(name)\" needs fields", hint: "add fields: [id=event_id, message]")
      }
      let id = try options.string("by").map { try Self.field($0, input, options, "by") } ?? first.1
      let size = options.int("size") ?? 10
      let seed = UInt64(options.int("seed") ?? 42)
      let maxBytes = options.byteCount("maxBytes") ?? 4096
      // A sample's length is kept in 24 bits.
      guard maxBytes <= 1 << 20, shown.count * (maxBytes + 4) < 1 << 24 else {
        throw options.diagnostic(
          "maxBytes", code: "config.out-of-range", "samples of \(shown.count) fields of \(maxBytes) bytes are too long",
          hint: "make maxBytes smaller, or show fewer fields")
      }
      return (
        Aggregate(name: name, type: .bytes) { Reservoir(size: size, id: id, fields: shown, seed: seed, maxBytes: maxBytes) },
        [id] + shown.map(\.1)
      )
    case "top-k":
      let field = try needed([.bytes])
      let size = options.int("size") ?? 10
      return (Aggregate(name: name, type: .bytes) { TopK(field, size: size) }, [field])
    default: return (Aggregate(name: name, type: .int64) { Count() }, [])
    }
  }

  private static func field(_ name: String, _ input: Schema, _ config: Config, _ option: String) throws -> Field {
    if let field = input.field(name) { return field }
    throw config.diagnostic(
      option, code: "config.unknown-field", "there is no field \"\(name)\"",
      detail: "the input has \(input.fields.map(\.name).joined(separator: ", "))",
      hint: "name one of them")
  }
}
