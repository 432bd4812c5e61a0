internal import Hummingbird

/// What a request carries through the middleware: who sent it.
struct ServerContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  var identity = Identity(name: "nobody", role: .read)

  init(source: ApplicationRequestContextSource) { coreContext = .init(source: source) }

  /// Documents of 1 MiB are more than anybody writes.
  var maxUploadSize: Int { 1 << 20 }

  /// Throws 403 when the caller may not do this.
  func require(_ role: Role) throws {
    guard identity.role >= role else {
      throw Problem(403, "FORBIDDEN", "this needs the role \(role.rawValue)", "\(identity.name) has the role \(identity.role.rawValue)")
    }
  }
}
