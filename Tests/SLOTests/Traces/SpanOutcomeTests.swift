import SLO
import Testing

@Suite("outcomes of spans")
struct SpanOutcomeTests {
  @Test(
    "the code of the protocol decides before the status, by the side of the call",
    arguments: [
      (SpanKind.server, UInt8(0), Int64(500), SpanOutcome.failed), (.server, 2, 404, .good), (.server, 0, 499, .good),
      (.server, 2, 200, .failed),
      (.client, 0, 404, .failed), (.client, 1, 200, .good), (.unspecified, 0, 503, .failed), (.server, 2, 9999, .failed),
    ])
  func http(kind: SpanKind, status: UInt8, code: Int64, outcome: SpanOutcome) {
    #expect(SpanOutcome(kind: kind, status: status, http: code) == outcome)
  }

  @Test("of gRPC's codes six are the server's fault, and all but OK fail the caller")
  func rpc() {
    for code in Int64(0)...16 {
      #expect((SpanOutcome(kind: .server, status: 0, rpc: code) == .failed) == [2, 4, 12, 13, 14, 15].contains(code), "\(code)")
      #expect((SpanOutcome(kind: .client, status: 0, rpc: code) == .failed) == (code != 0), "\(code)")
    }
  }

  @Test("without a code the status decides, then the error type; with none of them nothing is known")
  func status() {
    #expect(SpanOutcome(kind: .server, status: 2) == .failed)
    #expect(SpanOutcome(kind: .server, status: 1, hasErrorType: true) == .good)
    #expect(SpanOutcome(kind: .server, status: 0, hasErrorType: true) == .failed)
    #expect(SpanOutcome(kind: .server, status: 0) == .unknown)
  }

  @Test(
    "a sampled span stands for what its threshold says",
    arguments: [
      ("", Float(1)), ("ot=th:8", 2), ("ot=th:c", 4), ("vendor=x, ot=rv:1;th:e", 8), ("ot=p:3", 8), ("ot=th:0", 1), ("ot=th:zz", 1),
      ("ot=th:123456789abcdef0", 1), ("other=th:8", 1),
    ])
  func sampling(state: String, count: Float) {
    let adjusted = Array(state.utf8).withUnsafeBufferPointer { SamplingWeight.adjustedCount(traceState: $0) }
    #expect(adjusted == count)
  }
}
