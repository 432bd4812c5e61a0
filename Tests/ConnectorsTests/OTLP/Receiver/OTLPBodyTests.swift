import Connectors
import Gzip
import Testing
import Zstd

@Suite("bodies of OTLP requests")
struct OTLPBodyTests {
  private let json = Array(#"{"resourceLogs":[]}"#.utf8)

  private func read(
    _ body: [UInt8], _ signal: OTLPSignal = .logs, as encoding: OTLPBody.Encoding = .json, compression: String? = nil, limit: Int = 1 << 20
  ) throws -> String {
    String(decoding: try OTLPBody(signal: signal, encoding: encoding, compression: compression, limit: limit).json(body), as: UTF8.self)
  }

  private func rejection(_ body: () throws -> String) -> OTLPRejection.Kind? {
    do {
      _ = try body()
      return nil
    } catch { return (error as? OTLPRejection)?.kind }
  }

  @Test("JSON is kept as it came, protobuf becomes JSON, each plain or compressed")
  func forms() throws {
    #expect(try read(json) == #"{"resourceLogs":[]}"#)
    #expect(try read(json, compression: "identity") == #"{"resourceLogs":[]}"#)
    #expect(try read(GzipCompressor.compress(json), compression: "gzip") == #"{"resourceLogs":[]}"#)
    var zstd = try ZstdCompressor()
    let frame = try zstd.compress(json)
    #expect(try read(frame, compression: "zstd") == #"{"resourceLogs":[]}"#)
    #expect(try read([0x0A, 0x00], .traces, as: .protobuf) == #"{"resourceSpans":[{}]}"#)
    #expect(try read(GzipCompressor.compress([0x0A, 0x00]), .metrics, as: .protobuf, compression: "GZIP") == #"{"resourceMetrics":[{}]}"#)
    #expect(try read([], as: .protobuf) == "{}")
    #expect(try read(Array("{}".utf8)) == "{}")
  }

  @Test("what is no request of the signal is refused as a whole: nothing of it can be kept")
  func malformed() throws {
    #expect(rejection { try read(Array("{".utf8)) } == .badRequest)
    #expect(rejection { try read([]) } == .badRequest)
    #expect(rejection { try read(Array("[]".utf8)) } == .badRequest)
    #expect(rejection { try read(json, .traces) } == .badRequest)
    #expect(rejection { try read([0x0B], as: .protobuf) } == .badRequest)
    #expect(rejection { try read(json, compression: "gzip") } == .badRequest)
    let cut = Array(try GzipCompressor.compress(json).dropLast(4))
    #expect(rejection { try read(cut, compression: "gzip") } == .badRequest)
    #expect(rejection { try read(json, compression: "br") } == .unsupported)
  }

  @Test("a body is refused when it is too long, also one that is short until it is decompressed")
  func tooLong() throws {
    #expect(rejection { try read(json, limit: 10) } == .tooLarge)
    let bomb = try GzipCompressor.compress([UInt8](repeating: 0x20, count: 8 << 20))
    #expect(bomb.count < 16 << 10)
    #expect(rejection { try read(bomb, compression: "gzip", limit: 1 << 20) } == .tooLarge)
    var zstd = try ZstdCompressor()
    let other = try zstd.compress([UInt8](repeating: 0x20, count: 8 << 20))
    #expect(rejection { try read(other, compression: "zstd", limit: 1 << 20) } == .tooLarge)
  }

  @Test("content types are read as HTTP writes them")
  func contentTypes() {
    #expect(OTLPBody.Encoding(contentType: "application/json; charset=utf-8") == .json)
    #expect(OTLPBody.Encoding(contentType: "Application/X-Protobuf") == .protobuf)
    #expect(OTLPBody.Encoding(contentType: "text/plain") == nil)
    #expect(OTLPBody.Encoding(contentType: nil) == nil)
  }

  @Test("a rejection is a google.rpc.Status in the encoding of the request, and says when another try makes sense")
  func rejections() {
    let busy = OTLPRejection(.busy, "later")
    #expect(busy.retryAfter == 1 && OTLPRejection(.badRequest, "").retryAfter == nil)
    #expect(String(decoding: busy.body(.json), as: UTF8.self) == #"{"code":8,"message":"later"}"#)
    #expect(busy.body(.protobuf) == [0x08, 0x08, 0x12, 0x05] + Array("later".utf8))
    // A length of two bytes.
    #expect(OTLPRejection(.busy, String(repeating: "x", count: 200)).body(.protobuf)[..<5] == [0x08, 0x08, 0x12, 0xC8, 0x01])
  }
}
