#if Snappy
import Connectors
import Snappy
import Testing

@Suite("the protocol of Prometheus remote write")
struct RemoteWriteProtocolTests {
  private static let two = "application/x-protobuf;proto=io.prometheus.write.v2.Request"
  private let receiver = RemoteWriteProtocol()

  private func take(
    _ body: [UInt8], type: String? = "application/x-protobuf", compression: String? = "snappy", version: String? = nil, limit: Int = 1 << 20
  ) throws -> PushAcceptance {
    var request = PushRequest(
      path: "/api/v1/write", contentType: type, compression: compression, body: body, limits: BodyLimits(bytes: limit))
    if let version { request.header = { $0 == "x-prometheus-remote-write-version" ? version : nil } }
    return try receiver.take(request)
  }

  private func kind(_ body: () throws -> PushAcceptance) -> PushRejection.Kind? {
    do {
      _ = try body()
      return nil
    } catch { return (error as? PushRejection)?.kind }
  }

  private func fixture(_ version: UInt8) -> RemoteWriteFixture {
    var fixture = RemoteWriteFixture(version: version)
    let labels = [("__name__", "up"), ("job", "a")]
    fixture.series(
      labels, [(1, RemoteWriteFixture.time), (2, RemoteWriteFixture.time)], exemplars: [([("trace_id", "a")], 1, RemoteWriteFixture.time)],
      histograms: [RemoteWriteFixture.histogram()])
    return fixture
  }

  @Test("a request of 1.0 is kept as it is and answered with 204")
  func one() throws {
    let fixture = fixture(1)
    let taken = try take(SnappyBlock.compress(fixture.body), version: "0.1.0")
    #expect(taken.kept == fixture.kept && taken.answer == HTTPAnswer(204))
    #expect(try take(SnappyBlock.compress([])).kept == nil)
  }

  @Test("a request of 2.0 is answered with what was written, and with 400 when a part could not be used")
  func two() throws {
    var fixture = fixture(2)
    let taken = try take(SnappyBlock.compress(fixture.body), type: Self.two, version: "2.0.0")
    #expect(taken.kept == fixture.kept && taken.answer.status == 204)
    let written = { (answer: HTTPAnswer) in
      ["Samples", "Histograms", "Exemplars"].map { answer.headers["X-Prometheus-Remote-Write-\($0)-Written"] }
    }
    #expect(written(taken.answer) == ["2", "1", "1"])
    fixture.series([("no", "name")], [(1, RemoteWriteFixture.time)])
    let partly = try take(SnappyBlock.compress(fixture.body), type: Self.two)
    #expect(partly.answer.status == 400 && partly.kept == fixture.kept && written(partly.answer) == ["2", "1", "1"])
    #expect(written(receiver.answer(PushRejection(.busy, "full"), contentType: Self.two)) == ["0", "0", "0"])
  }

  @Test("headers that say something else are refused")
  func headers() {
    let body = SnappyBlock.compress(fixture(1).body)
    #expect(kind { try take(body, type: "application/json") } == .unsupported)
    #expect(kind { try take(body, type: nil) } == .unsupported)
    #expect(kind { try take(body, type: "application/x-protobuf;proto=other") } == .unsupported)
    #expect(kind { try take(body, compression: nil) } == .unsupported)
    #expect(kind { try take(body, compression: "gzip") } == .unsupported)
    #expect(kind { try take(body, version: "2.0.0") } == .badRequest)
    #expect(kind { try take(body, type: "Application/X-Protobuf; proto=prometheus.WriteRequest") } == nil)
  }

  @Test("broken snappy, bombs, broken protobuf and symbols that do not exist are refused as a whole")
  func broken() {
    let body = fixture(1).body
    #expect(kind { try take(body) } == .badRequest)
    #expect(kind { try take([]) } == .badRequest)
    #expect(kind { try take(Array(SnappyBlock.compress(body).dropLast(3))) } == .badRequest)
    #expect(kind { try take(SnappyBlock.compress([UInt8](repeating: 0, count: 2 << 20))) } == .tooLarge)
    #expect(kind { try take([0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0, 97]) } == .tooLarge)
    #expect(kind { try take(SnappyBlock.compress(Array(body.dropLast(2)))) } == .badRequest)
    #expect(kind { try take(SnappyBlock.compress([0x0A, 0x02, 0x08, 0x01])) } == .badRequest)
    var lying = WireWriter()
    lying.append(4, "")
    lying.append(5) { $0.append(1, packed: [0, 7]) }
    #expect(kind { try take(SnappyBlock.compress(lying.bytes), type: Self.two) } == .badRequest)
    var odd = WireWriter()
    odd.append(4, "")
    odd.append(5) { $0.append(1, packed: [0]) }
    #expect(kind { try take(SnappyBlock.compress(odd.bytes), type: Self.two) } == .badRequest)
  }
}
#endif
