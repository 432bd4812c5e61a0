import Connectors
import Dataflow
import Foundation
import Postgres
import SinkTesting
import Testing

@Suite("the source capsules, on a real server", .serialized)
struct CapsuleSourceTests {
  private func reader(_ url: String, _ mode: String, subtask: Int = 0) throws -> (reader: any SourceReader, schema: Schema) {
    let config = Config(["connection": .object(Sinks.connection(url)), "mode": .string(mode), "every": .duration(20_000_000)])
    let planned = try CapsuleSource.type.plan(config)
    let reader = try planned.make()
    try reader.open(SourceContext(job: "job", id: "templates", subtask: subtask, parallelism: 2, runtime: SystemRuntime(threads: 1)))
    return (reader, planned.schema)
  }

  /// Polls until the source is drained, or has handed out so many rows; each as `shape|template|service|environment|seconds`.
  private func rows(_ reader: any SourceReader, _ schema: Schema, atMost limit: Int = .max) throws -> [String] {
    var rows: [String] = []
    let deadline = Date().addingTimeInterval(60)
    while rows.count < limit, Date() < deadline {
      let batch = RecordBatch(schema: schema)
      let status = try reader.poll(batch)
      for i in 0..<batch.selectedCount {
        let row = Int(batch.selection[i])
        let texts = schema.fields[..<4].map { batch.isNull($0, row) ? "-" : batch.bytes($0)[row].string }
        #expect(batch.times[row] == batch.int64s(schema.fields[4])[row])
        rows.append((texts + ["\(batch.times[row] / 1_000_000_000)"]).joined(separator: "|"))
      }
      switch status {
      case .drained, .cut: return rows
      case .wait: usleep(2_000)
      case .more: continue
      }
    }
    return rows
  }

  private func fill(_ database: TestDatabase, _ shapes: Range<Int>, epoch: UInt64 = 1) throws {
    let sink = try Sinks.capsules(database.url)
    let (committer, _) = try sink.open(isFresh: epoch == 1)
    let rows = shapes.flatMap { shape in
      (0..<2).map { hour in Sinks.capsule("shop", shape: String(format: "%04d", shape), hour: Int64(hour)) }
    }
    #expect(try committer.apply(sink.epoch(epoch, rows)) == ApplyReport(applied: rows.count))
  }

  @Test("every shape comes once a reading, with its template and first time, whatever its capsules")
  func once() throws {
    let database = try TestDatabase()
    try fill(database, 0..<2500)
    let (reader, schema) = try reader(database.url, "once")
    defer { reader.close() }
    let found = try rows(reader, schema)
    #expect(found.count == 2500 && Set(found).count == 2500)
    #expect(found.first == "0000|user <*> of 0000|shop|-|1735776000")
    #expect(reader.positions().count == 1)
  }

  @Test("another subtask has nothing to read; a database without capsules has nothing either")
  func empty() throws {
    let database = try TestDatabase()
    let (first, schema) = try reader(database.url, "once")
    #expect(try rows(first, schema).isEmpty)
    let (second, _) = try reader(database.url, "once", subtask: 1)
    #expect(try rows(second, schema).isEmpty && second.positions().isEmpty)
  }

  @Test("followed, it reads again and sees what is new")
  func follow() throws {
    let database = try TestDatabase()
    let (reader, schema) = try reader(database.url, "follow")
    defer { reader.close() }
    #expect(try rows(reader, schema, atMost: 0).isEmpty)
    try fill(database, 0..<3)
    #expect(Set(try rows(reader, schema, atMost: 3)).count == 3)
    try fill(database, 3..<5, epoch: 2)
    #expect(Set(try rows(reader, schema, atMost: 11)).count == 5)
  }

  @Test("a server that is away is an error that names it")
  func away() throws {
    let (reader, schema) = try reader("postgresql://127.0.0.1:1/none", "once")
    #expect(throws: PostgresError.self) { _ = try rows(reader, schema) }
  }
}
