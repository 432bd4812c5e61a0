import Connectors
import Dataflow
import Foundation
import Glibc
import Synchronization
import Testing

@Suite("console sink")
struct ConsoleSinkTests {
  private static let schema = Schema([("text", .bytes), ("n", .int64)])

  private func batch(_ rows: [(String?, Int64)]) -> RecordBatch {
    let batch = RecordBatch(schema: Self.schema)
    for (text, number) in rows {
      let row = batch.appendRow()
      batch.bytes(Self.schema.fields[0])[row] = text.map { batch.copy($0) } ?? .null
      batch.int64s(Self.schema.fields[1])[row] = number
      batch.nulls(Self.schema.fields[1])[row] = 0
    }
    return batch
  }

  private func pipe() -> (read: Int32, write: Int32) {
    var ends: [Int32] = [0, 0]
    _ = Glibc.pipe(&ends)
    return (ends[0], ends[1])
  }

  private func printed(_ config: Config, _ rows: [(String?, Int64)]) throws -> String {
    let (input, output) = pipe()
    let sink = try ConsoleSink.plan(config, Self.schema, descriptor: output)
    guard case .live = sink.delivery else { preconditionFailure("the console is live") }
    let counters = Output(operatorID: "c")
    try sink.make().process(batch(rows), counters)
    #expect(counters.counters.absorbed == rows.count)
    close(output)
    defer { close(input) }
    return readAll(input)
  }

  private func readAll(_ input: Int32) -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = read(input, &buffer, buffer.count)
      if count <= 0 { break }
      bytes += buffer.prefix(count)
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test("rows are JSON lines")
  func json() throws {
    #expect(try printed(Config(), [("a", 1), (nil, 2)]) == "{\"text\":\"a\",\"n\":1}\n{\"text\":null,\"n\":2}\n")
  }

  @Test("a template makes lines of text, and nothing in a record reaches the terminal as a command")
  func text() throws {
    let config = Config(["format": .string("text"), "template": .string("{n}: {text} {{x}")])
    #expect(try printed(config, [("a\u{1b}[2J\n\"b\"", 1), (nil, 2)]) == "1: a\\u001b[2J\\n\"b\" {x}\n2: - {x}\n")
    #expect(try printed(Config(["format": .string("text")]), [("a", 1)]) == "a 1\n")
  }

  @Test("templates with unknown fields or open braces are told", arguments: ["{no}", "{n", "{}"])
  func templates(template: String) {
    let config = Config(["format": .string("text"), "template": .string(template)])
    #expect(throws: Diagnostic.self) { try printed(config, []) }
  }

  @Test("a reader that went away is an error, not the end of the process")
  func closedPipe() throws {
    let (input, output) = pipe()
    close(input)
    defer { close(output) }
    let sink = try ConsoleSink.plan(Config(), Self.schema, descriptor: output).make()
    for _ in 0..<2 {
      let error = #expect(throws: SinkError.self) { try sink.process(batch([("a", 1)]), Output(operatorID: "c")) }
      #expect(error?.message == "nobody reads the console's output any more")
    }
  }

  @Test("a slow reader behind a pipe that does not block gets every line")
  func wouldBlock() throws {
    let (input, output) = pipe()
    _ = fcntl(output, F_SETFL, O_NONBLOCK)
    let rows = (0..<1000).map { (String(repeating: "x", count: 1000), Int64($0)) }
    // A thread of its own: the writer holds the console's lock, and every thread of the pool may be waiting for that.
    let text = Mutex("")
    let isRead = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      let all = readAll(input)
      text.withLock { $0 = all }
      isRead.signal()
    }
    try ConsoleSink.plan(Config(), Self.schema, descriptor: output).make().process(batch(rows), Output(operatorID: "c"))
    close(output)
    isRead.wait()
    let lines = text.withLock { $0.split(separator: "\n") }
    #expect(lines.count == 1000 && lines.last?.hasSuffix("\"n\":999}") == true)
    close(input)
  }
}
