import Connectors
import Dataflow
import DataflowTesting
import Foundation
import Gzip
import SinkTesting
import Testing
import Zstd

#if Snappy
import Snappy
#endif

/// What wraps telemetry, damaged: compression, frames, Avro.
@Suite("damaged frames")
struct FramingFuzzTests {
  private static let texts: [[UInt8]] = [[], [0], Array("{\"a\":\"bcbcbcbcbcbcbcbcbcbc\"}".utf8), [UInt8](repeating: 7, count: 3000)]

  @Test("compressed bodies give at most what the limits allow, and undamaged ones their content")
  func compression() throws {
    let limits = BodyLimits(bytes: 64 << 10)
    var zstd = try ZstdCompressor(checksum: true)
    let bomb = [UInt8](repeating: 0, count: 1 << 20)
    for (name, seeds) in [
      ("gzip", try (Self.texts + [bomb]).map { try GzipCompressor.compress($0) }),
      ("zstd", try (Self.texts + [bomb]).map { try zstd.compress($0) }),
    ] {
      for (seed, text) in zip(seeds, Self.texts) {
        #expect(try PushRequest(path: "/", contentType: nil, compression: name, body: seed, limits: limits).content() == text)
      }
      try Fuzz(name, seeds: seeds).run { input, _ in
        let request = PushRequest(path: "/", contentType: nil, compression: name, body: input, limits: limits)
        guard let content = try? request.content() else { return }
        guard content.count <= limits.bytes else { throw FuzzFailure("\(content.count) bytes came out") }
      }
    }
  }

  #if Snappy
  @Test("snappy's blocks give at most what the limit allows, and what was compressed comes back")
  func snappy() throws {
    try Fuzz("snappy", seeds: Self.texts.map { SnappyBlock.compress($0) }).run { input, _ in
      guard try SnappyBlock.decompress(SnappyBlock.compress(input), limit: input.count) == input else {
        throw FuzzFailure("it does not come back")
      }
      guard let content = try? SnappyBlock.decompress(input, limit: 64 << 10) else { return }
      guard content.count <= 64 << 10 else { throw FuzzFailure("\(content.count) bytes came out") }
    }
  }
  #endif

  @Test("a message of gRPC is the same however it is cut, and what the five bytes in front say")
  func grpc() throws {
    try Fuzz("grpc", seeds: Self.texts.map { GRPCMessage.framed($0) }).run { input, random in
      /// Mark and message, or what is wrong, when it comes in pieces that end here.
      func read(_ cuts: [Int]) -> Result<(Bool, [UInt8]), any Error> {
        var message = GRPCMessage(limit: 2000)
        do {
          for (start, end) in zip([0] + cuts, cuts + [input.count]) {
            try Array(input[start..<end]).withUnsafeBytes { try message.append($0) }
          }
          try message.finish()
          return .success((message.isCompressed, message.bytes))
        } catch { return .failure(error) }
      }
      let whole = read([])
      let cuts = (0..<random.int(0...5)).map { _ in random.int(0...input.count) }.sorted()
      let inPieces = read(cuts)
      guard (try? whole.get().1) == (try? inPieces.get().1) else { throw FuzzFailure("it is another when cut at \(cuts)") }
      let isGood =
        input.count >= 5 && input[0] <= 1 && input.count <= 2005 && input[1..<5].reduce(0) { $0 << 8 | Int($1) } == input.count - 5
      guard ((try? whole.get()) != nil) == isGood else { throw FuzzFailure("good is \(isGood), but it is \(whole)") }
      if let (isCompressed, bytes) = try? whole.get(), bytes != Array(input[5...]) || isCompressed != (input[0] == 1) {
        throw FuzzFailure("it is not what was sent")
      }
    }
  }

  #if Avro
  private static let schema = #"""
    {"type":"record","name":"E","fields":[
      {"name":"text","type":"string"}, {"name":"maybe","type":["null","string"]}, {"name":"big","type":"long"},
      {"name":"kind","type":{"type":"enum","name":"K","symbols":["log","trace"]}}, {"name":"tags","type":{"type":"map","values":"string"}},
      {"name":"ids","type":["null",{"type":"array","items":"long"}]}]}
    """#

  @Test("values in Avro give a row, or are refused one by one", arguments: ["none", "single-object"])
  func avro(_ framing: String) throws {
    let file = FileManager.default.temporaryDirectory.appending(path: "fuzz-\(ProcessInfo.processInfo.processIdentifier)-\(framing).avsc")
    try Data(Self.schema.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let format = Config(["type": .string("avro"), "schema": .string(file.path()), "framing": .string(framing)])
    let columns = Schema([("text", .bytes), ("maybe", .bytes), ("big", .int64), ("kind", .bytes), ("tags", .bytes), ("ids", .bytes)])
    let seeds = try TopicValues.encode(
      format, columns,
      [["zürich", "x", .int(.min), "trace", #"{"k":"v","n":"5"}"#, "[1,-2,9223372036854775807]"], ["", nil, .int(0), "log", "{}", nil]]
    ).values
    try #require(!seeds.isEmpty)
    let decoder = try DecoderRun(TopicValues.decoder(format))
    try Fuzz("avro-\(framing)", seeds: seeds).run { input, _ in
      let result = try decoder.feed(input)
      guard result.rows + result.errors == 1 else { throw FuzzFailure("one value gave \(result)") }
    }
  }
  #endif
}
