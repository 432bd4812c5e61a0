/// An answer over HTTP.
package struct HTTPAnswer: Sendable, Equatable {
  package var status: Int
  /// Nil for an answer without a body.
  package var contentType: String?
  package var body: [UInt8]
  /// Others than `Content-Type` and `Content-Length`; values are plain ASCII.
  package var headers: [String: String]

  package init(_ status: Int, _ contentType: String? = nil, _ body: [UInt8] = [], headers: [String: String] = [:]) {
    self.status = status
    self.contentType = contentType
    self.body = body
    self.headers = headers
  }

  /// A line of text.
  package static func text(_ status: Int, _ line: String) -> HTTPAnswer {
    HTTPAnswer(status, "text/plain; charset=utf-8", Array((line + "\n").utf8))
  }
}
