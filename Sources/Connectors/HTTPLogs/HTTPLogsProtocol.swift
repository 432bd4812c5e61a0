internal import Dataflow

/// Log records by plain HTTP: `POST /ingest/logs` with a JSON array, one object, or one object a line. Each record gets a verdict.
///
/// 200: all were taken. 207: some were. 400: none was. The answer says how many, and which were not and why:
/// `{"accepted":2,"rejected":1,"errors":[{"index":1,"reason":"missing-field","detail":"…"}]}`.
package struct HTTPLogsProtocol: PushProtocol {
  /// Verdicts in an answer; further ones are only counted.
  private static let mostErrors = 100

  package init() {}

  package var name: String { "logs over HTTP" }
  package var paths: [String] { ["/ingest/logs"] }

  private typealias Verdict = (index: Int, fault: HTTPLogRecords.Fault)

  package func take(_ request: PushRequest) throws(PushRejection) -> PushAcceptance {
    switch request.mediaType {
    case "", "application/json", "application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines": break
    default:
      throw PushRejection(
        .unsupported, "Content-Type \"\(request.contentType ?? "")\" is not known: send application/json or application/x-ndjson")
    }
    let document = OTLPDocument(try request.content())
    var records = HTTPLogRecords(observed: request.received)
    let text = OTLPText()
    var rejected: [Verdict] = []
    let content = document.content
    guard let first = content.first(where: { !Self.isSpace($0) }) else { throw PushRejection(.badRequest, "the body is empty") }
    let fault = text.load(content)
    if first == UInt8(ascii: "[") {
      if let fault { throw PushRejection(.badRequest, "the body is no JSON: it goes wrong at byte \(fault)") }
      takeItems(text, &records, &rejected)
    } else if fault == nil {
      if let fault = records.take(text.root, text) { rejected.append((0, fault)) }
    } else {
      takeLines(content, text, &records, &rejected)
    }
    let accepted = records.count
    let status = rejected.isEmpty ? 200 : accepted > 0 ? 207 : 400
    return PushAcceptance(kept: records.end(), answer: HTTPAnswer(status, "application/json", Self.body(accepted, rejected)))
  }

  package func answer(_ rejection: PushRejection, contentType: String?) -> HTTPAnswer {
    var body = Array(#"{"error":"#.utf8)
    TextWriter.append(string: rejection.description, to: &body)
    body.append(UInt8(ascii: "}"))
    return HTTPAnswer(rejection.kind.rawValue, "application/json", body)
  }

  private func takeItems(_ text: OTLPText, _ records: inout HTTPLogRecords, _ rejected: inout [Verdict]) {
    guard var index = text.array(text.root) else { return }
    var number = 0
    while let item = text.nextItem(&index) {
      if let fault = records.take(item, text) { rejected.append((number, fault)) }
      index = text.end(of: item)
      number += 1
    }
  }

  /// Lines without anything in them are no records.
  private func takeLines(
    _ content: UnsafeBufferPointer<UInt8>, _ text: OTLPText, _ records: inout HTTPLogRecords, _ rejected: inout [Verdict]
  ) {
    var number = 0
    var start = 0
    while start < content.count {
      let end = content[start...].firstIndex(of: UInt8(ascii: "\n")) ?? content.count
      let line = UnsafeBufferPointer(rebasing: content[start..<end])
      start = end + 1
      if line.allSatisfy(Self.isSpace) { continue }
      if let position = text.load(line) {
        rejected.append((number, HTTPLogRecords.Fault(reason: "malformed-json", detail: "at byte \(position) of the line")))
      } else if let fault = records.take(text.root, text) {
        rejected.append((number, fault))
      }
      number += 1
    }
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }

  private static func body(_ accepted: Int, _ rejected: [Verdict]) -> [UInt8] {
    var body = Array(#"{"accepted":\#(accepted),"rejected":\#(rejected.count),"errors":["#.utf8)
    for (number, verdict) in rejected.prefix(mostErrors).enumerated() {
      body.append(contentsOf: #"\#(number > 0 ? "," : ""){"index":\#(verdict.index),"reason":"\#(verdict.fault.reason)","detail":"#.utf8)
      TextWriter.append(string: verdict.fault.detail, to: &body)
      body.append(UInt8(ascii: "}"))
    }
    body.append(contentsOf: "]".utf8)
    if rejected.count > mostErrors { body.append(contentsOf: #","errorsOmitted":\#(rejected.count - mostErrors)"#.utf8) }
    body.append(UInt8(ascii: "}"))
    return body
  }
}
