#if Avro
import Connectors
import Dataflow
import Foundation
import SinkTesting
import Testing

/// Our Avro beside that of fastavro, which shares no code with it. Needs Python: scripts/python.sh makes what it uses.
@Suite("Avro of another implementation")
struct ForeignAvroTests {
  private static let schemas = ["TelemetryEvent", "CapsuleEvent", "CapsuleEmbedding", "DeadLetter"]

  private func path(_ name: String) -> String { "\(TestServer.root)/schemas/\(name).avsc" }

  private func format(_ name: String) -> Config { Config(["type": .string("avro"), "schema": .string(path(name))]) }

  /// Runs Tests/avro/foreign.py.
  private func foreign(_ command: String, _ schema: String, _ input: Data = Data()) throws -> Data {
    let folder = FileManager.default.temporaryDirectory.appending(path: "foreign-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (from, to) = (folder.appending(path: "in"), folder.appending(path: "out"))
    try input.write(to: from)
    try Data().write(to: to)
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [
      "bash", "-c", "exec \"$(\"$0/scripts/python.sh\")\" \"$0/Tests/avro/foreign.py\" \"$1\" \"$2\"", TestServer.root, command,
      path(schema),
    ]
    process.standardInput = try FileHandle(forReadingFrom: from)
    process.standardOutput = try FileHandle(forWritingTo: to)
    try process.run()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "foreign.py \(command) \(schema) failed")
    return try Data(contentsOf: to)
  }

  private func framed(_ values: [[UInt8]]) -> Data {
    var data = Data()
    for value in values {
      withUnsafeBytes(of: UInt32(value.count).littleEndian) { data.append(contentsOf: $0) }
      data.append(contentsOf: value)
    }
    return data
  }

  private func values(_ data: Data) -> [[UInt8]] {
    var (list, at): ([[UInt8]], Int) = ([], 0)
    let bytes = [UInt8](data)
    while at + 4 <= bytes.count {
      let size = Int(bytes[at]) | Int(bytes[at + 1]) << 8 | Int(bytes[at + 2]) << 16 | Int(bytes[at + 3]) << 24
      list.append(Array(bytes[at + 4..<at + 4 + size]))
      at += 4 + size
    }
    return list
  }

  /// Rows for a schema's columns, from numbers that all types can take, with nulls where they are allowed.
  private func rows(_ count: Int, seed: UInt64) -> [[String: Any?]] {
    var random = SystemSeed(seed)
    return (0..<count).map { n in
      func maybe(_ value: Any) -> Any? { random.next() % 3 == 0 ? nil : value }
      let word = ["", "plain", "zürich 日本", "a\"b\\c\n", String(repeating: "x", count: 200)][Int(random.next() % 5)]
      return [
        "event_id": "e\(n)", "service_name": word, "environment": "prod", "event_type": ["log", "trace", "metric"][n % 3],
        "timestamp": 1_700_000_000_000_000_000 + n, "observed_timestamp": maybe(-n), "severity": maybe("ERROR"), "message": maybe(word),
        "trace_id": maybe(word), "span_id": maybe(word), "parent_span_id": maybe(word), "trace_state": nil, "flags": maybe(n),
        "end_timestamp": maybe(n), "kind": maybe("SERVER"), "status_code": maybe("OK"), "status_message": nil,
        "value": maybe(Double(n) / 3), "unit": maybe("ms"), "temporality": nil, "is_monotonic": maybe(n % 2 == 0),
        "attributes": ["k\(n)": word, "empty": ""], "resource": [String: String](), "scope_name": maybe("scope"), "scope_version": nil,
        "events": maybe("\u{0}\u{FF}\u{80}"), "links": nil, "otlp": nil, "raw_blob_s3_key": nil,
      ]
    }
  }

  private static let columns: [(String, ColumnType)] = [
    ("event_id", .bytes), ("service_name", .bytes), ("environment", .bytes), ("event_type", .bytes), ("timestamp", .time),
    ("observed_timestamp", .time), ("severity", .bytes), ("message", .bytes), ("trace_id", .bytes), ("span_id", .bytes),
    ("parent_span_id", .bytes), ("trace_state", .bytes), ("flags", .int64), ("end_timestamp", .time), ("kind", .bytes),
    ("status_code", .bytes),
    ("status_message", .bytes), ("value", .double), ("unit", .bytes), ("temporality", .bytes), ("is_monotonic", .bool),
    ("attributes", .bytes),
    ("resource", .bytes), ("scope_name", .bytes), ("scope_version", .bytes), ("events", .bytes), ("links", .bytes), ("otlp", .bytes),
    ("raw_blob_s3_key", .bytes),
  ]

  private func cell(_ value: Any?, _ name: String, _ type: ColumnType) throws -> TestValue {
    guard let value else { return .null }
    switch value {
    case let text as String where name == "events": return .bytes(text.unicodeScalars.map { UInt8($0.value) })
    case let text as String: return .text(text)
    case let flag as Bool where type == .bool: return .bool(flag)
    case let number as Double where type == .double: return .double(number)
    case let number as Int: return .int(Int64(number))
    default: return .bytes([UInt8](try JSONSerialization.data(withJSONObject: value, options: [.sortedKeys])))
    }
  }

  private func object(_ row: [String: Any?]) -> NSDictionary { NSDictionary(dictionary: row.mapValues { $0 ?? NSNull() }) }

  @Test("fastavro reads what we write, field by field", arguments: [1, 2] as [UInt64])
  func theyReadOurs(seed: UInt64) throws {
    let rows = rows(300, seed: seed)
    let cells = try rows.map { row in try Self.columns.map { name, type in try cell(row[name] ?? nil, name, type) } }
    let values = try TopicValues.encode(format("TelemetryEvent"), Schema(Self.columns), cells).values
    let lines = try foreign("decode", "TelemetryEvent", framed(values)).split(separator: 0x0A)
    try #require(lines.count == rows.count)
    for (line, row) in zip(lines, rows) {
      let read = try #require(try JSONSerialization.jsonObject(with: line) as? NSDictionary)
      #expect(read == object(row))
    }
  }

  @Test("we read what fastavro writes, field by field", arguments: [3, 4] as [UInt64])
  func weReadTheirs(seed: UInt64) throws {
    let rows = rows(300, seed: seed)
    var lines = Data()
    for row in rows { lines += try JSONSerialization.data(withJSONObject: object(row)) + [0x0A] }
    let read = try TopicValues.decode(format("TelemetryEvent"), values(try foreign("encode", "TelemetryEvent", lines))).rows
    try #require(read.count == rows.count)
    for (found, row) in zip(read, rows) {
      for (name, type) in Self.columns {
        let value = row[name] ?? nil
        switch (value, found[name] ?? nil) {
        case (nil, nil): continue
        case (let text as String, let found?) where name == "events":
          #expect(found == String(decoding: text.unicodeScalars.map { UInt8($0.value) }, as: UTF8.self))
        case (let text as String, let found?): #expect(found == text, "\(name)")
        case (let flag as Bool, let found?) where type == .bool: #expect(found == "\(flag)")
        case (let number as Double, let found?) where type == .double: #expect(Double(found) == number)
        case (let number as Int, let found?): #expect(found == "\(number)", "\(name)")
        case (let map as [String: String], let found?):
          #expect(try JSONSerialization.jsonObject(with: Data(found.utf8)) as? [String: String] == map)
        default: Issue.record("\(name): \(String(describing: value)) came as \(String(describing: found[name]))")
        }
      }
    }
  }

  @Test("all schemas that ship have the fingerprint that fastavro gives them", arguments: schemas)
  func fingerprints(name: String) throws {
    let theirs = String(decoding: try foreign("fingerprint", name), as: UTF8.self).trimmingCharacters(in: .newlines)
    let ours = try AvroSchema([UInt8](Data(contentsOf: URL(filePath: path(name))))).fingerprint
    // In the order in which the bytes follow the mark.
    #expect(
      theirs == withUnsafeBytes(of: ours.littleEndian) { $0.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() })
  }

  @Test("an embedding goes out as an array of floats")
  func embeddings() throws {
    let columns = Schema([
      ("capsule_id", .bytes), ("fingerprint_hash", .bytes), ("embedding_vector", .vector(3)), ("embedding_model", .bytes),
      ("redaction_applied", .bool), ("created_at", .time),
    ])
    let row: [TestValue] = ["c", "f", .floats([0.5, -1, 3]), "m", .bool(true), .int(1_500_000_000)]
    let value = try TopicValues.encode(format("CapsuleEmbedding"), columns, [row]).values
    let text = String(decoding: try foreign("decode", "CapsuleEmbedding", framed(value)), as: UTF8.self)
    #expect(text.contains("\"embedding_vector\": [0.5, -1.0, 3.0]") && text.contains("\"created_at\": 1500"))
  }
}

/// Random numbers that come again with the seed.
private struct SystemSeed {
  private var state: UInt64
  init(_ seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state >> 33
  }
}
#endif
