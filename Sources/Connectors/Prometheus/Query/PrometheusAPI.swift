internal import HTTP

/// Asks a Prometheus what it has, through its HTTP API. Blocking: for commands and background threads.
package struct PrometheusAPI: Sendable {
  /// Why there is no answer.
  package struct Failure: Error, CustomStringConvertible, Sendable {
    package let message: String
    /// What a person can do about it.
    package let hint: String

    package var description: String { "\(message)\n  hint: \(hint)" }
  }

  private let base: String
  private let client: HTTPClient

  /// - Parameter address: `http://host:9090`, with a path where it is served below one. It may hold no user and password.
  /// - Throws: `Failure` for what is no such address.
  package init(_ address: String) throws(Failure) {
    var base = address
    while base.hasSuffix("/") { base.removeLast() }
    let scheme = ["http://", "https://"].first { base.hasPrefix($0) }
    guard let scheme, base.count > scheme.count, !base.contains("@"), !base.contains("?") else {
      throw Failure(
        message: "\"\(address)\" is not the address of a Prometheus", hint: "write it as http://prometheus:9090, without user and password")
    }
    self.base = base
    do { client = try HTTPClient() } catch { throw Failure(message: "\(error)", hint: "this is a fault of this machine's libcurl") }
  }

  /// The address that is asked.
  package var address: String { base }

  /// The body of `/api/v1/series` for names, over the time from `since` to `until`, seconds since 1970.
  ///
  /// - Throws: `Failure` when nobody answers, or with an error.
  package func series(named names: [String], since: Int64, until: Int64) throws(Failure) -> [UInt8] {
    let pattern = "{__name__=~\"\(names.sorted().joined(separator: "|"))\"}"
    return try ask("series", [("match[]", pattern), ("start", "\(since)"), ("end", "\(until)")])
  }

  /// The body of `/api/v1/query` for an expression, now.
  ///
  /// - Throws: `Failure` when nobody answers, or with an error.
  package func query(_ expression: String) throws(Failure) -> [UInt8] { try ask("query", [("query", expression)]) }

  private func ask(_ path: String, _ form: [(String, String)]) throws(Failure) -> [UInt8] {
    // A form in the body: expressions are longer than URLs may be.
    let body = form.map { "\(Self.encoded($0))=\(Self.encoded($1))" }.joined(separator: "&")
    var request = HTTPClient.Request(
      "POST", "\(base)/api/v1/\(path)", headers: [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")],
      body: Array(body.utf8)[...])
    request.acceptsCompression = true
    let answer: HTTPClient.Response
    do { answer = try client.perform(request) } catch {
      throw Failure(
        message: "Prometheus at \(base) cannot be reached: \(error)", hint: "is the address right, and does it answer \(base)/-/ready ?")
    }
    guard answer.status == 200 else {
      let text = String(decoding: answer.body.prefix(300), as: UTF8.self)
      throw Failure(
        message: "Prometheus at \(base) answered /api/v1/\(path) with \(answer.status): \(text)",
        hint: answer.status == 404 ? "is it served below a path? Give it: http://host/prometheus" : "its log may say more")
    }
    return answer.body
  }

  /// Percent-encoded, but for letters, digits and `-._~`.
  private static func encoded(_ text: String) -> String {
    var result = ""
    for byte in text.utf8 {
      let scalar = UnicodeScalar(byte)
      if byte < 0x80, Character(scalar).isLetter || Character(scalar).isNumber || "-._~".unicodeScalars.contains(scalar) {
        result.unicodeScalars.append(scalar)
      } else {
        result += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
      }
    }
    return result
  }
}
