import Dataflow
import DataflowTesting

/// Spans of an invented shop, as rows.
enum SpanRows {
  static let schema = Schema(
    [
      "trace_id", "span_id", "parent_span_id", "name", "kind", "service", "environment", "status_code", "attributes", "trace_state",
      "links",
    ].map { ($0, ColumnType.bytes) } + [("start", .time), ("end", .time)])

  static let second: Int64 = 1_000_000_000
  /// When the first trace begins.
  static let origin: Int64 = 1_700_000_000 * second

  static func hex(_ number: Int, _ digits: Int) -> String {
    let text = String(number, radix: 16)
    return String(repeating: "0", count: digits - text.count) + text
  }

  /// A span that lasts from one millisecond of its trace to another; its trace begins `trace` seconds after the origin.
  static func span(
    _ trace: Int, _ id: Int, below parent: Int? = nil, _ service: String, _ name: String, kind: String = "SERVER", status: String = "UNSET",
    attributes: String? = nil, state: String? = nil, environment: String? = nil, links: String? = nil, from: Int64 = 0, to: Int64 = 10
  ) -> TestRow {
    func text(_ text: String?) -> TestRow.Value { text.map { .text($0) } ?? .null }
    let start = origin + Int64(trace) * second + from * 1_000_000
    return TestRow(
      start,
      [
        .text(hex(trace + 1, 32)), .text(hex((trace + 1) * 100 + id, 16)), text(parent.map { hex((trace + 1) * 100 + $0, 16) }),
        .text(name),
        .text(kind), .text(service), text(environment), .text(status), text(attributes), text(state), text(links), .int(start),
        .int(origin + Int64(trace) * second + to * 1_000_000),
      ])
  }

  /// A request to one of two routes: a front end, a call, the called service, and a database.
  static func request(_ trace: Int, route: String, isFailed: Bool = false, environment: String? = nil, state: String? = nil) -> [TestRow] {
    let code = isFailed ? 503 : 200
    return [
      span(
        trace, 1, "web", "GET", attributes: #"{"http.route":"\#(route)","http.request.method":"GET","http.response.status_code":\#(code)}"#,
        state: state, environment: environment, from: 0, to: 50),
      span(trace, 2, below: 1, "web", "call", kind: "CLIENT", state: state, environment: environment, from: 5, to: 40),
      span(trace, 3, below: 2, "cart", "find", state: state, environment: environment, from: 8, to: 38),
      span(
        trace, 4, below: 3, "cart", "select", kind: "CLIENT", attributes: #"{"db.system":"postgresql","db.name":"carts"}"#, state: state,
        environment: environment, from: 10, to: 20),
    ]
  }

  /// An order: a request that sends a message, and the trace of whoever receives it `delay` milliseconds after the order's beginning, which links to it. The order lasts
  /// for `length` milliseconds.
  static func order(_ trace: Int, receiver: Int, delay: Int64, length: Int64) -> (sender: [TestRow], receiver: [TestRow]) {
    let sender = [
      span(trace, 1, "web", "POST", attributes: #"{"http.route":"/order","http.request.method":"POST"}"#, from: 0, to: length),
      span(trace, 2, below: 1, "web", "orders publish", kind: "PRODUCER", attributes: #"{"messaging.system":"kafka"}"#, from: 1, to: 2),
    ]
    let link = #"[{"traceId":"\#(hex(trace + 1, 32))","spanId":"\#(hex((trace + 1) * 100 + 2, 16))"}]"#
    let from = Int64(trace - receiver) * 1_000 + delay
    return (sender, [span(receiver, 1, "shipping", "orders process", kind: "CONSUMER", links: link, from: from, to: from + 10)])
  }

  /// The fields of a row's text.
  static func fields(_ row: String) -> [String: String] {
    Dictionary(
      row.split(separator: "|").compactMap { part in
        let pair = part.split(separator: "=", maxSplits: 1)
        return pair.count == 2 ? (String(pair[0]), String(pair[1])) : nil
      }, uniquingKeysWith: { first, _ in first })
  }
}
