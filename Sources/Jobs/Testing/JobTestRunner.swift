internal import Dataflow

/// Runs the `tests:` of a job: its own operators on a handful of records, event time as the test says.
public struct JobTestRunner: Sendable {
  /// What came of one test.
  public struct Outcome: Sendable {
    /// What the test claims.
    public let name: String
    /// What does not hold; empty when the test passed.
    public let failures: [String]
  }

  private let job: PlannedJob

  /// A runner for the tests of this job.
  public init(_ job: PlannedJob) { self.job = job }

  /// Runs every test of the job.
  public func run() -> [Outcome] {
    job.definition.tests.map { test in
      do { return Outcome(name: test.name, failures: try run(test)) } catch { return Outcome(name: test.name, failures: ["\(error)"]) }
    }
  }

  private func run(_ test: JobTestSpec) throws -> [String] {
    var graph = job.graph
    let collectors = test.expected.map { ($0.output, Collector(GraphValidation.schema(of: $0.output, in: job.graph) ?? Schema())) }
    graph.sinks = collectors.enumerated().map { index, entry in
      let collector = entry.1
      return SinkNode(
        id: "expected-\(index)", type: "test", inputs: [entry.0], planned: PlannedSink(delivery: .live) { CollectingSink(collector) })
    }
    let runner = try SynchronousRunner(graph, runtime: SystemRuntime(threads: 1))
    for (index, step) in test.given.enumerated() {
      switch step {
      case .record(let record):
        try runner.send(try batch(record, runner.readerSchema(of: test.source) ?? Schema(), Int64(index)), from: test.source)
      case .watermark(let value): try runner.advance(to: try time(value), from: test.source)
      }
    }
    return zip(test.expected, collectors).flatMap { expected, collector in
      compare(expected.records, with: collector.1.rows, output: "\(expected.output)")
    }
  }

  private func batch(_ record: ConfigValue, _ schema: Schema, _ offset: Int64) throws -> RecordBatch {
    let batch = RecordBatch(schema: schema)
    let row = batch.appendRow()
    batch.offsets[row] = offset
    guard case .map(let entries) = record.content else { throw TestError("a given record is a map of fields") }
    for entry in entries {
      guard let field = schema.field(entry.key) else {
        throw TestError("the source has no field \"\(entry.key)\"; it gives \(schema.fields.map(\.name).joined(separator: ", "))")
      }
      switch (field.type, entry.value.content) {
      case (.bytes, .string(let text)):
        batch.bytes(field)[row] = batch.copy(text)
        batch.raws[row] = batch.bytes(field)[row]
      case (.int64, .int(let value)), (.time, .int(let value)):
        batch.int64s(field)[row] = value
        batch.nulls(field)[row] = 0
      case (.double, .double(let value)):
        batch.doubles(field)[row] = value
        batch.nulls(field)[row] = 0
      case (.bool, .bool(let value)):
        batch.bools(field)[row] = value
        batch.nulls(field)[row] = 0
      case (_, .null): break
      default: throw TestError("field \"\(entry.key)\" is \(field.type)")
      }
    }
    return batch
  }

  private func time(_ value: ConfigValue) throws -> Int64 {
    if case .string(var text) = value.content, let time = text.withUTF8({ RFC3339.parse($0) }) { return time }
    throw TestError("a watermark is an RFC 3339 time such as 2026-01-01T11:10:00Z")
  }

  /// Every expected record must be met by one row that has at least its fields, and no row may be left over.
  private func compare(_ expected: [ConfigValue], with rows: [[String: String]], output: String) -> [String] {
    var left = rows
    var failures: [String] = []
    for record in expected {
      guard case .map(let entries) = record.content else { continue }
      let wanted = entries.map { ($0.key, Self.text($0.value)) }
      if let index = left.firstIndex(where: { row in wanted.allSatisfy { row[$0.0] == $0.1 } }) {
        left.remove(at: index)
      } else {
        failures.append("\(output): no row has \(wanted.map { "\($0.0): \($0.1)" }.joined(separator: ", "))")
      }
    }
    for row in left {
      failures.append(
        "\(output): a row that was not expected: \(row.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", "))"
      )
    }
    return failures
  }

  private static func text(_ value: ConfigValue) -> String {
    switch value.content {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .int(let value): "\(value)"
    case .double(let value): "\(value)"
    case .string(let value): value
    case .list, .map: "\(value.content)"
    }
  }
}

/// A test that cannot be run as it is written.
struct TestError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Rows that came out of one output, as text by field name.
private final class Collector: @unchecked Sendable {  // filled and read on the one thread of a synchronous run
  let schema: Schema
  var rows: [[String: String]] = []
  init(_ schema: Schema) { self.schema = schema }
}

private final class CollectingSink: Operator {
  private let collector: Collector
  init(_ collector: Collector) { self.collector = collector }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    for i in 0..<batch.selectedCount {
      let row = Int(batch.selection[i])
      var texts: [String: String] = [:]
      for field in collector.schema.fields { texts[field.name] = text(batch, field, row) }
      collector.rows.append(texts)
    }
    output.absorb(batch.selectedCount)
  }

  private func text(_ batch: RecordBatch, _ field: Field, _ row: Int) -> String {
    if batch.isNull(field, row) { return "null" }
    return switch field.type {
    case .bytes: batch.bytes(field)[row].string
    case .bool: "\(batch.bools(field)[row])"
    case .double: "\(batch.doubles(field)[row])"
    case .time: RFC3339.format(batch.int64s(field)[row])
    case .int64: "\(batch.int64s(field)[row])"
    case .vector: "vector"
    }
  }
}
