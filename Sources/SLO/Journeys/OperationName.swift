/// What the name of an operation says.
package enum OperationName {
  /// How much a name tells about what a request wants.
  package enum Kind: Sendable, Equatable {
    /// A route, a method of a service, a queue.
    case telling
    /// A word or two: it may be the only thing the service ever says.
    case opaque
    /// Says nothing: a wildcard, a bare HTTP method, `handle`.
    case generic
  }

  private static let methods: Set<String> = [
    "get", "post", "put", "patch", "delete", "head", "options", "trace", "connect", "http", "https", "grpc", "_other", "_unknown",
  ]
  private static let empty: Set<String> = [
    "recv", "receive", "handle", "handler", "request", "requests", "ingress", "egress", "router", "proxy", "gateway", "server", "serve",
    "dispatch", "dispatcher", "servlet", "call", "invoke", "execute", "process", "run", "main", "root", "entry", "entrypoint", "middleware",
    "filter", "web", "response", "unknown", "default", "servehttp",
  ]

  /// Methods of services that say nothing; `Get` and `Run` of a service are its own choice.
  private static let emptyMethods: Set<String> = [
    "recv", "receive", "handle", "handler", "request", "serve", "servehttp", "dispatch", "invoke",
  ]

  /// Reads a name: `GET /cart` tells, `/*` and `HTTP POST` do not.
  package static func kind(_ name: String) -> Kind {
    let words = name.split(separator: " ").filter { !methods.contains($0.lowercased()) }
    guard let first = words.first else { return .generic }
    if let path = words.first(where: { $0.hasPrefix("/") }) { return isTelling(path: path) ? .telling : .generic }
    if words.count == 1, let slash = first.lastIndex(of: "/"), slash > first.startIndex {
      // `package.Service/Method`
      let method = first[first.index(after: slash)...].lowercased().filter { $0.isLetter || $0.isNumber }
      return method.isEmpty || emptyMethods.contains(method) ? .generic : .telling
    }
    return words.allSatisfy { isEmpty($0) } ? .generic : .opaque
  }

  private static func isEmpty(_ word: Substring) -> Bool {
    let letters = word.lowercased().filter { $0.isLetter || $0.isNumber || $0 == "_" }
    return letters.isEmpty || empty.contains(letters) || methods.contains(letters)
  }

  /// A path with a segment that somebody chose, and no wildcard that swallows the rest.
  private static func isTelling(path: Substring) -> Bool {
    if path == "/" { return true }
    let segments = path.split(separator: "/")
    guard let last = segments.last else { return false }
    if last.contains("*") || last.hasSuffix("+}") || last.hasPrefix("{proxy") || last.hasPrefix("{path") || last.hasPrefix("{catch") {
      return false
    }
    return segments.contains { !isPlaceholder($0) }
  }

  static func isPlaceholder(_ segment: Substring) -> Bool {
    guard let first = segment.first, let last = segment.last else { return true }
    return first == ":" || first == "*" || first == "{" && last == "}" || first == "<" && last == ">" || first == "[" && last == "]"
  }
}
