import Connectors
import DataflowTesting
import Foundation
import Testing

/// Requests that another implementation encoded and printed; `make_fixtures.py` beside them makes them.
@Suite("OTLP in protobuf")
struct OTLPTranscoderTests {
  private struct Request: Sendable {
    let message: OTLPMessage
    let bytes: [UInt8]
    /// The whole row of the file, as JSON.
    let row: String
    var json: NSDictionary? {
      (try? JSONSerialization.jsonObject(with: Data(row.utf8)) as? [String: Any])?["json"] as? NSDictionary
    }
  }

  private static let requests: [Request] = {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("requests.jsonl")
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    return text.split(separator: "\n").compactMap { line in
      guard let row = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], let hex = row["protobuf"] as? String
      else { return nil }
      let digits = Array(hex)
      let bytes = stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
      return Request(message: message(row["signal"] as? String ?? ""), bytes: bytes, row: String(line))
    }
  }()

  private static func message(_ signal: String) -> OTLPMessage {
    switch signal {
    case "logs": .logs
    case "traces": .traces
    default: .metrics
    }
  }

  private func json(_ bytes: [UInt8], _ message: OTLPMessage) throws -> String {
    String(decoding: try bytes.withUnsafeBytes { try OTLPTranscoder.json($0, message) }, as: UTF8.self)
  }

  private func tree(_ bytes: [UInt8], _ message: OTLPMessage) throws -> NSDictionary {
    try #require(try JSONSerialization.jsonObject(with: Data(try json(bytes, message).utf8)) as? NSDictionary)
  }

  @Test("a request reads as protobuf's own JSON printer writes it, ids in hexadecimal")
  func reference() throws {
    #expect(Self.requests.count == 36)
    for (i, request) in Self.requests.enumerated() {
      let tree = try tree(request.bytes, request.message)
      #expect(tree == request.json, "request \(i)")
    }
  }

  @Test("the requests of that comparison set every field of every message")
  func coverage() throws {
    let text = try Self.requests.map { try json($0.bytes, $0.message) }.joined()
    var seen: Set<ObjectIdentifier> = []
    func check(_ message: OTLPMessage) {
      guard seen.insert(ObjectIdentifier(message)).inserted else { return }
      for field in message.fields {
        let label = String(decoding: field.label, as: UTF8.self)
        #expect(text.contains(label), "\(label) occurs nowhere")
        if case .message(let inner) = field.kind { check(inner()) }
      }
    }
    for message in [OTLPMessage.logs, .traces, .metrics] { check(message) }
    #expect(seen.count == 34)
  }

  @Test("a request that is cut anywhere is refused or is a shorter request, and never harms")
  func cut() throws {
    for request in Self.requests {
      for count in 0..<request.bytes.count {
        do { _ = try tree(Array(request.bytes[..<count]), request.message) } catch is MalformedProtobuf {}
      }
    }
  }

  @Test("noise is refused or gives valid JSON", arguments: 0..<300)
  func noise(seed: Int) throws {
    var random = SeededRandom(UInt64(seed))
    var bytes = Self.requests[seed % Self.requests.count].bytes
    for _ in 0..<random.int(1...6) where !bytes.isEmpty { bytes[random.int(0...bytes.count - 1)] = UInt8(random.int(0...255)) }
    do { _ = try tree(bytes, Self.requests[seed % Self.requests.count].message) } catch is MalformedProtobuf {}
  }

  @Test("lists of numbers may come unpacked or in pieces, fields in any order, messages in parts")
  func forms() throws {
    // Buckets: offset 3; counts 1 and 2 packed, 3 alone.
    #expect(try json([0x10, 0x03, 0x12, 0x02, 0x01, 0x02, 0x08, 0x06], .buckets) == #"{"offset":3,"bucketCounts":["3","1","2"]}"#)
    // A record whose body comes in two parts: the later kind counts.
    #expect(
      try json([0x2A, 0x03, 0x0A, 0x01, 0x61, 0x2A, 0x02, 0x10, 0x01], .logRecord) == #"{"body":{"stringValue":"a","boolValue":true}}"#)
  }

  @Test("fields that are not known are skipped, a text that is not UTF-8 is repaired")
  func tolerance() throws {
    #expect(try json([0xFA, 0x07, 0x01, 0x00, 0x0A, 0x02, 0x61, 0xFF], .scope) == "{\"name\":\"a\u{FFFD}\"}")
  }

  @Test("values nested without end are refused")
  func depth() {
    var bytes: [UInt8] = [0x10, 0x01]
    for _ in 0..<100 {
      // An array value of one value: the lengths grow to two bytes.
      func field(_ key: UInt8, _ content: [UInt8]) -> [UInt8] {
        let count = content.count
        return [key] + (count < 128 ? [UInt8(count)] : [UInt8(count & 127) | 128, UInt8(count >> 7)]) + content
      }
      bytes = field(0x2A, field(0x0A, bytes))
    }
    #expect(throws: MalformedProtobuf.self) { try json(bytes, .anyValue) }
  }

  @Test("a number that does not end, a length behind the end, a group and a wrong wire type are refused")
  func malformed() {
    for bytes: [UInt8] in [
      [0x08], [0x08, 0x80], [0x08, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x02], [0x0A, 0x05, 0x61], [0x0B], [0x08, 0x01],
      [0x00, 0x00],
    ] {
      #expect(throws: MalformedProtobuf.self, "\(bytes)") { try json(bytes, .scope) }
    }
  }

  @Test("messages inside of messages that each end with a field too early are written in good time")
  func reordered() throws {
    // Key-values in lists: `value` (2) before `key` (1) at every level, so that each is found to be out of order at its end.
    var value: [UInt8] = [0x18, 0x01]
    func field(_ key: UInt8, _ content: [UInt8]) -> [UInt8] {
      let count = content.count
      return [key] + (count < 128 ? [UInt8(count)] : [UInt8(count & 127) | 128, UInt8(count >> 7)]) + content
    }
    var expected = #"{"intValue":"1"}"#
    for _ in 0..<20 {
      value = field(0x32, field(0x0A, field(0x12, value) + field(0x0A, [0x6B])))
      expected = #"{"kvlistValue":{"values":[{"key":"k","value":\#(expected)}]}}"#
    }
    #expect(try json(value, .anyValue) == expected)
  }

  @Test("a schema's URL stands before the list that it is about, numbers and texts of every length are right")
  func texts() throws {
    var writer = WireWriter()
    writer.append(2) { $0.append(2) { $0.append(5, "span") } }
    writer.append(3, "https://old")
    writer.append(3, "https://url")
    #expect(try json(writer.bytes, .resourceSpans) == #"{"schemaUrl":"https://url","scopeSpans":[{"spans":[{"name":"span"}]}]}"#)
    for length in 0..<40 {
      for special in ["", "\"", "\\", "\n", "\u{7F}", "é", "\u{1F600}"] {
        for place in [0, length / 2, length] {
          let text = String(repeating: "x", count: place) + special + String(repeating: "y", count: length - place)
          var writer = WireWriter()
          writer.append(1, text)
          let tree = try tree(writer.bytes, .scope)
          #expect(tree["name"] as? String == text)
        }
      }
    }
    for number in [0, 9, 10, 99, 100, 12_345, UInt64(Int64.max), UInt64(Int64.max) + 1, .max] {
      var writer = WireWriter()
      writer.append(1, fixed64: number)
      #expect(try json(writer.bytes, .logRecord) == #"{"timeUnixNano":"\#(number)"}"#)
    }
  }
}
