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

  /// Sends a request, and gives the body of the answer.
  ///
  /// - Parameter path: below the address, ready for use in a URL.
  /// - Throws: exit code 1 after it has printed what the server objects to.
  func call(_ method: String, _ path: String, body: String? = nil) throws -> Data {
    var request = HTTPClient.Request(method, address + path, body: body.map { Array($0.utf8)[...] })
    if body != nil { request.headers.append(("Content-Type", "application/yaml")) }
    if let token { request.headers.append(("Authorization", "Bearer \(token)")) }
    let response: HTTPClient.Response
    do {
      let environment = ProcessInfo.processInfo.environment
      let files = (certificate ?? environment["SLOSCOUT_CERTIFICATE"], key ?? environment["SLOSCOUT_KEY"])
      let client = try HTTPClient(
        caFile: ca ?? environment["SLOSCOUT_CA"], certificate: files.0.map { (chain: $0, key: files.1 ?? $0) })
      defer { client.close() }
      response = try client.perform(request)
    } catch {
      let hint =
        error.code == .tls || error.code == .broken && address.hasPrefix("https:")
        ? "trust its certificate with --ca FILE; show it yours with --certificate FILE --key FILE"
        : "start it with sloscout server, or name another with --server"
      Terminal.error("\(address) does not answer: \(error)\n  hint: \(hint)")
      throw ExitCode(Exit.failed)
    }
    guard (200..<300).contains(response.status) else {
      Terminal.error(Self.explain(response))
      throw ExitCode(response.status == 422 ? Exit.wrongFile : Exit.failed)
    }
    return Data(response.body)
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
    var detail: String?
    var hint: String?
    var errors: [Place]?
  }

  private static func explain(_ response: HTTPClient.Response) -> String {
    guard let problem = try? JSONDecoder().decode(Problem.self, from: Data(response.body)) else {
      return "the server answered \(response.status)"
    }
    var lines = ["\(problem.title) (\(response.status))"]
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
