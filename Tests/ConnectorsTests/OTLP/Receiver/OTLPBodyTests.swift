import Connectors
import Gzip
import Testing
import Zstd

@Suite("bodies of OTLP requests")
struct OTLPBodyTests {
  private let json = Array(#"{"resourceLogs":[]}"#.utf8)

  private func read(
    _ body: [UInt8], _ signal: OTLPSignal = .logs, as encoding: OTLPEncoding = .json, compression: String? = nil
  ) throws -> String {
    let request = PushRequest(path: signal.path, contentType: encoding.contentType, compression: compression, body: body)
    return String(decoding: try OTLPProtocol(signals: OTLPSignal.allCases).take(request).kept ?? [], as: UTF8.self)
  }

  private func rejection(_ body: () throws -> String) -> PushRejection.Kind? {
    do {
      _ = try body()
      return nil
    } catch { return (error as? PushRejection)?.kind }
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
    #expect(rejection { try read(json, compression: "br") } == .unsupported)
  }

  @Test("content types are read as HTTP writes them")
  func contentTypes() {
    #expect(OTLPEncoding(contentType: "application/json; charset=utf-8") == .json)
    #expect(OTLPEncoding(contentType: "Application/X-Protobuf") == .protobuf)
    #expect(OTLPEncoding(contentType: "text/plain") == nil)
    #expect(OTLPEncoding(contentType: nil) == nil)
  }

  @Test("a rejection is a google.rpc.Status in the encoding of the request, and says when another try makes sense")
  func rejections() {
    let logs = OTLPProtocol(signals: [.logs])
    let busy = PushRejection(.busy, "later")
    #expect(busy.retryAfter == 1 && PushRejection(.badRequest, "").retryAfter == nil)
    let json = logs.answer(busy, contentType: "application/json")
    #expect(json.status == 429 && String(decoding: json.body, as: UTF8.self) == #"{"code":8,"message":"later"}"#)
    let protobuf = "application/x-protobuf"
    #expect(logs.answer(busy, contentType: protobuf).body == [0x08, 0x08, 0x12, 0x05] + Array("later".utf8))
    // A length of two bytes.
    let long = logs.answer(PushRejection(.busy, String(repeating: "x", count: 200)), contentType: protobuf)
    #expect(long.contentType == protobuf && long.body[..<5] == [0x08, 0x08, 0x12, 0xC8, 0x01])
  }
}
