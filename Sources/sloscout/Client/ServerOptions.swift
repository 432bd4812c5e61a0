internal import ArgumentParser
internal import Foundation
internal import HTTP

/// Which server a command talks to, and as whom.
struct ServerOptions: ParsableArguments {
  @Option(help: "The server's address; $SLOSCOUT_SERVER, or http://localhost:8000, when left out.") var server: String?

  @Option(help: "A file of PEM with the certificates to trust; $SLOSCOUT_CA, or the system's, when left out.") var ca: String?

  @Option(
    help: "A file of PEM with a certificate for a server that wants one of its clients (--client-ca); $SLOSCOUT_CERTIFICATE when left out.")
  var certificate: String?
  @Option(help: "The certificate's key, a file of PEM; $SLOSCOUT_KEY when left out.") var key: String?

  /// The token comes from the environment: on the command line everybody on the machine could read it.
  private var token: String? { ProcessInfo.processInfo.environment["SLOSCOUT_TOKEN"] }

  private var address: String {
    var address = server ?? ProcessInfo.processInfo.environment["SLOSCOUT_SERVER"] ?? "http://localhost:8000"
    while address.hasSuffix("/") { address.removeLast() }
    return address
  }

  /// What a server says, whatever its status.
  struct Answer {
    var status: Int
    var body: Data
    /// The stable code of a refusal; nil of anything else.
    var code: String? { (try? JSONDecoder().decode(Problem.self, from: body))?.code }
  }

  /// Sends a request, and gives the body of the answer.
  ///
  /// - Parameter path: below the address, ready for use in a URL.
  /// - Throws: exit code 1 after it has printed what the server objects to.
  func call(_ method: String, _ path: String, body: String? = nil) throws -> Data {
    let answer = try send(method, path, body: body)
    guard (200..<300).contains(answer.status) else { throw refusal(answer) }
    return answer.body
  }

  /// Asks for server-sent events, and hands on what each says, as it arrives.
  ///
  /// - Parameter seconds: how long they may come.
  /// - Throws: exit code 1 after it has printed what the server objects to.
  func follow(_ path: String, seconds: Int, _ onEvent: @escaping @Sendable (String) -> Void) throws {
    let lines = EventLines(onEvent)
    let answer = try send("GET", path, within: seconds) { lines.take($0) }
    guard (200..<300).contains(answer.status) else { throw refusal(answer) }
  }

  /// Sends a request. Throws exit code 1 after it has printed why there is no answer.
  ///
  /// - Parameters:
  ///   - seconds: how long the server may think.
  ///   - onBody: takes the body of an answer that is no refusal as it arrives; the answer has none then.
  func send(
    _ method: String, _ path: String, body: String? = nil, within seconds: Int = 20,
    onBody: (@Sendable (UnsafeRawBufferPointer) -> Void)? = nil
  ) throws -> Answer {
    var request = HTTPClient.Request(method, address + path, body: body.map { Array($0.utf8)[...] })
    // More than the server takes, so that its own answer arrives.
    request.stallTimeout = Int64(seconds + 10) * 1_000_000_000
    request.timeout = max(request.timeout, request.stallTimeout)
    request.onBody = onBody
    if body != nil { request.headers.append(("Content-Type", "application/yaml")) }
    if let token { request.headers.append(("Authorization", "Bearer \(token)")) }
    do {
      let environment = ProcessInfo.processInfo.environment
      let files = (certificate ?? environment["SLOSCOUT_CERTIFICATE"], key ?? environment["SLOSCOUT_KEY"])
      let client = try HTTPClient(
        caFile: ca ?? environment["SLOSCOUT_CA"], certificate: files.0.map { (chain: $0, key: files.1 ?? $0) })
      defer { client.close() }
      let response = try client.perform(request)
      return Answer(status: response.status, body: Data(response.body))
    } catch {
      let hint =
        error.code == .tls || error.code == .broken && address.hasPrefix("https:")
        ? "trust its certificate with --ca FILE; show it yours with --certificate FILE --key FILE"
        : "start it with sloscout server, or name another with --server"
      Terminal.error("\(address) does not answer: \(error)\n  hint: \(hint)")
      throw ExitCode(Exit.failed)
    }
  }

  /// Prints what the server objects to, and is the exit code for it.
  func refusal(_ answer: Answer) -> ExitCode {
    Terminal.error(Self.explain(answer))
    let isToCome = answer.status == 504 || answer.code == "NO_WORKERS"
    return ExitCode(answer.status == 422 ? Exit.wrongFile : isToCome ? Exit.awaited : Exit.failed)
  }

  /// The same, decoded.
  func get<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
    try JSONDecoder().decode(type, from: try call("GET", path))
  }

  private struct Problem: Decodable {
    struct Place: Decodable {
      var code: String
      var message: String
      var line: Int?
      var column: Int?
      var hint: String
    }
    var title: String
    var code: String?
    var detail: String?
    var hint: String?
    var errors: [Place]?

    private enum CodingKeys: String, CodingKey {
      case title, detail, hint, errors
      case code = "error_code"
    }
  }

  private static func explain(_ answer: Answer) -> String {
    guard let problem = try? JSONDecoder().decode(Problem.self, from: answer.body) else {
      return "the server answered \(answer.status)"
    }
    var lines = ["\(problem.title) (\(answer.status))"]
    if let errors = problem.errors {
      for place in errors {
        lines.append("  \(place.line ?? 0):\(place.column ?? 0): \(place.code): \(place.message)")
        if !place.hint.isEmpty { lines.append("    hint: \(place.hint)") }
      }
    } else if let detail = problem.detail, !detail.isEmpty {
      lines.append("  \(detail)")
    }
    if let hint = problem.hint { lines.append("  hint: \(hint)") }
    return lines.joined(separator: "\n")
  }
}
