import Server
import Testing

@Suite("the server's look at its own requests")
struct RequestWatchTests {
  @Test("buckets of a histogram add up, edges included")
  func buckets() {
    let meter = RequestMeter()
    #expect(meter.text.isEmpty)
    for nanoseconds: Int64 in [1, 1_000_000, 1_000_001, 60_000_000_000] { meter.note("GET", "/a/{b}", 200, nanoseconds: nanoseconds) }
    meter.note("GET", "/a/{b}", 404, nanoseconds: 5)
    let lines = meter.text.split(separator: "\n").map(String.init)
    func value(_ suffix: String, _ status: Int, _ le: String? = nil) -> String? {
      let edge = le.map { ",le=\"\($0)\"" } ?? ""
      let name = "sloscout_http_request_duration_seconds_\(suffix){method=\"GET\",route=\"/a/{b}\",status=\"\(status)\"\(edge)} "
      return lines.first { $0.hasPrefix(name) }.map { String($0.dropFirst(name.count)) }
    }
    #expect(value("bucket", 200, "0.001") == "2")
    #expect(value("bucket", 200, "0.005") == "3")
    #expect(value("bucket", 200, "10.0") == "3")
    #expect(value("bucket", 200, "+Inf") == "4")
    #expect(value("count", 200) == "4")
    #expect(value("count", 404) == "1")
  }

  @Test("a trace that is recorded is gone on with; what names none begins one")
  func parents() {
    let (trace, span) = ("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")
    let parent = RequestSpan.Parent("00-\(trace)-\(span)-01")
    #expect(parent?.trace == trace && parent?.span == span)
    for header in [
      nil, "", "00", "00-\(trace)-\(span)-00", "01-\(trace)-\(span)-01", "00-\(trace)-\(span)", "00-\(trace.uppercased())-\(span)-01",
      "00-\(String(repeating: "0", count: 32))-\(span)-01", "00-\(trace)-\(String(repeating: "0", count: 16))-01", "00-\(trace)-\(span)-zz",
    ] { #expect(RequestSpan.Parent(header) == nil, "\(header ?? "nil")") }
  }
}
