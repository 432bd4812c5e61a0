internal import HTTPTypes
internal import Hummingbird
internal import Synchronization

/// Finds out who calls. With tokens: by `Authorization: Bearer …`. Without, only on loopback: everybody on this machine is admin.
struct Gate: Sendable {
  let tokens: TokenStore
  let policy: AccessPolicy

  /// Who sends a request to a route that needs a role; nil is for routes that everybody may call. Throws `Problem` 401 or 403.
  func admit(_ request: Request, _ role: Role?) async throws -> Identity {
    guard !policy.isOpen else {
      // A page of some other site in this machine's browser is not "this machine": it can neither name us nor come from us.
      try checkOrigin(request)
      return Identity(name: "loopback", role: .admin)
    }
    return role == nil ? Identity(name: "nobody", role: .read) : try await identity(request)
  }

  private func identity(_ request: Request) async throws -> Identity {
    let words = (request.headers[.authorization] ?? "").split(separator: " ", maxSplits: 1)
    guard words.count == 2, words[0].lowercased() == "bearer" else {
      throw Problem(
        401, "TOKEN_MISSING", "a token is needed", hint: "send Authorization: Bearer <token>; sloscout server token create NAME makes one")
    }
    guard let identity = try await policy.identity(String(words[1]), tokens) else {
      throw Problem(401, "TOKEN_UNKNOWN", "the token is not known")
    }
    return identity
  }

  private func checkOrigin(_ request: Request) throws {
    guard let host = request.head.authority, AccessPolicy.isLoopback(host) else {
      throw Problem(
        403, "HOST_NOT_LOCAL", "this server has no tokens and answers only to localhost",
        hint: "make a token: sloscout server token create NAME")
    }
    if let origin = request.headers[.origin], origin != "\(policy.scheme)://\(host)" {
      throw Problem(403, "ORIGIN_NOT_ALLOWED", "requests from pages of \(origin) are not taken")
    }
  }
}

/// How the server decides who may call it.
final class AccessPolicy: Sendable {
  /// No token is needed.
  let isOpen: Bool
  /// How pages of the server are reached: `http` or `https`.
  let scheme: String
  private let known = Mutex<[String: (identity: Identity?, until: ContinuousClock.Instant)]>([:])

  init(isOpen: Bool, scheme: String = "http") {
    self.isOpen = isOpen
    self.scheme = scheme
  }

  /// Whose token it is. What the database said holds for five seconds, so that a revoked token works no longer than that.
  func identity(_ token: String, _ tokens: TokenStore) async throws -> Identity? {
    let now = ContinuousClock.now
    if let entry = known.withLock({ $0[token] }), entry.until > now { return entry.identity }
    let identity = try await tokens.identity(token)
    known.withLock { known in
      // Guesses must not fill the memory.
      if known.count > 1000 { known.removeAll() }
      known[token] = (identity, now + .seconds(5))
    }
    return identity
  }

  /// Whether a host, with or without a port, is this machine.
  static func isLoopback(_ host: String) -> Bool {
    let name = host.hasPrefix("[") ? String(host.prefix { $0 != "]" }.dropFirst()) : String(host.prefix { $0 != ":" })
    return ["localhost", "127.0.0.1", "::1"].contains(name) || (name.hasPrefix("127.") && name.allSatisfy { $0.isNumber || $0 == "." })
  }
}
