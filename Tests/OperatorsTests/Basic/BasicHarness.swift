import Dataflow
import Testing

/// Runs one operator on rows that a test writes down, and reads back what came of them.
final class BasicHarness {
  /// One value of a row.
  enum Cell: Equatable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByFloatLiteral {
    case null
    case text(String)
    case int(Int64)
    case double(Double)
    case bool(Bool)

    init(stringLiteral value: String) { self = .text(value) }
    init(integerLiteral value: Int64) { self = .int(value) }
    init(booleanLiteral value: Bool) { self = .bool(value) }
    init(floatLiteral value: Double) { self = .double(value) }
  }

  /// A clock that stands still; operators of this folder need nothing else.
  struct StillRuntime: Runtime {
    var time: Int64
    func now() -> Int64 { time }
    func monotonic() -> Int64 { time }
    func sleep(nanoseconds: Int64) async throws {}
    func random() -> UInt64 { 4 }
    var slots: [any Slot] { [] }
    func block(nanoseconds: Int64) {}
    func background(_ purpose: String) -> any Slot { preconditionFailure("these operators run nothing in the background") }
    var files: any FileSystem { preconditionFailure("these operators open no files") }
  }

  /// Keeps what an operator hands on.
  final class Collector: Output {
    var rows: [[String: Cell]] = []
    var times: [Int64] = []
    var errors: [[String: Cell]] = []
    let schema: Schema

    init(_ schema: Schema, _ onError: ErrorPolicy) {
      self.schema = schema
      super.init(operatorID: "tested", onError: onError)
    }

    override func deliver(_ batch: RecordBatch) throws {
      rows += BasicHarness.read(batch, schema)
      times += (0..<batch.selectedCount).map { batch.times[Int(batch.selection[$0])] }
    }

    override func deliver(_ batch: RecordBatch, to side: SideOutput) throws {
      errors += BasicHarness.read(batch, ErrorRecords.schema)
    }
  }

  let input: Schema
  let planned: PlannedOperator
  let tested: any Operator
  let output: Collector
  let splits: SplitTable
  private(set) var received = 0

  init(
    _ type: OperatorType, _ config: Config, input: Schema, onError: ErrorPolicy = .route, now: Int64 = 0, splits: SplitTable = SplitTable(),
    restore: StateReader? = nil
  ) throws {
    self.input = input
    self.splits = splits
    planned = try type.plan(config, input)
    tested = try planned.make()
    output = Collector(planned.schema, onError)
    try tested.open(OperatorContext(job: "test", id: "tested", splits: splits, runtime: StillRuntime(time: now)))
    if let restore { try tested.restore(restore) }
  }

  /// Sends one batch through. Rows give the input's fields in order.
  func send(_ rows: [[Cell]], split: UInt32 = 0, offsets: [Int64]? = nil, dead: Set<Int> = []) throws {
    let batch = RecordBatch(schema: input)
    for (index, row) in rows.enumerated() {
      let at = batch.appendRow()
      batch.offsets[at] = offsets?[index] ?? Int64(received + index)
      batch.splits[at] = split
      batch.raws[at] = batch.copy("raw \(index)")
      for (field, cell) in zip(input.fields, row) { Self.write(cell, batch, field, at) }
    }
    batch.filterSelection { !dead.contains($0) }
    received += batch.selectedCount
    try tested.process(batch, output)
    try output.flushErrors()
  }

  /// Where every record that came in went: nothing may be left over.
  var leftOver: Int {
    let c = output.counters
    return received - c.emitted - c.absorbed - c.filtered - c.duplicates - c.late - c.errors
  }

  static func write(_ cell: Cell, _ batch: RecordBatch, _ field: Field, _ row: Int) {
    switch (field.type, cell) {
    case (.bytes, .text(let text)): batch.bytes(field)[row] = batch.copy(text)
    case (.bytes, _): batch.bytes(field)[row] = .null
    case (.int64, .int(let value)), (.time, .int(let value)):
      batch.int64s(field)[row] = value
      batch.nulls(field)[row] = 0
    case (.double, .double(let value)):
      batch.doubles(field)[row] = value
      batch.nulls(field)[row] = 0
    case (.bool, .bool(let value)):
      batch.bools(field)[row] = value
      batch.nulls(field)[row] = 0
    default: batch.nulls(field)[row] = 1
    }
  }

  static func read(_ batch: RecordBatch, _ schema: Schema) -> [[String: Cell]] {
    (0..<batch.selectedCount).map { i in
      let row = Int(batch.selection[i])
      var cells: [String: Cell] = [:]
      for field in schema.fields {
        cells[field.name] =
          switch field.type {
          case _ where batch.isNull(field, row): .null
          case .bytes, .vector: .text(batch.bytes(field)[row].string)
          case .int64, .time: .int(batch.int64s(field)[row])
          case .double: .double(batch.doubles(field)[row])
          case .bool: .bool(batch.bools(field)[row])
          }
      }
      return cells
    }
  }
}

/// Short ways to write down what a job file says.
enum Written {
  static func text(_ text: String) -> ConfigValue { ConfigValue(.string(text), at: SourceLocation(file: "jobs.yaml", line: 7, column: 3)) }
  static func int(_ number: Int64) -> ConfigValue { ConfigValue(.int(number)) }
  static func list(_ items: [ConfigValue]) -> ConfigValue { ConfigValue(.list(items)) }
  static func map(_ entries: KeyValuePairs<String, ConfigValue>) -> ConfigValue {
    ConfigValue(.map(entries.map { ConfigValue.Entry(key: $0.key, value: $0.value) }))
  }
}

/// A small seeded generator: the same numbers on every machine.
struct BasicRandom: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
