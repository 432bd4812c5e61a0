internal import Hummingbird
internal import NIOCore

/// What a request carries through the middleware: who sent it.
struct ServerContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  var identity = Identity(name: "nobody", role: .read)
  /// The parameters of the query and the headers that the route knows; checked.
  var values: [String: String] = [:]
  /// What integers are that the caller left out.
  var standards: [String: Int] = [:]

  init(source: ApplicationRequestContextSource) { coreContext = .init(source: source) }

  /// Documents of 1 MiB are more than anybody writes.
  var maxUploadSize: Int { 1 << 20 }

  /// Throws 403 when the caller may not do this.
  func require(_ role: Role) throws {
    guard identity.role >= role else {
      throw Problem(403, "FORBIDDEN", "this needs the role \(role.rawValue)", "\(identity.name) has the role \(identity.role.rawValue)")
    }
  }

  /// A checked integer parameter, or its standard.
  func integer(_ name: String) -> Int { values[name].flatMap { Int($0) } ?? standards[name] ?? 0 }

  /// The whole body. Throws `Problem` 413.
  func body(_ request: Request) async throws -> ByteBuffer {
    do { return try await request.body.collect(upTo: maxUploadSize) } catch is NIOTooManyBytesError {
      throw Problem(413, "BODY_TOO_LARGE", "the body is longer than \(maxUploadSize) bytes")
    }
  }

  /// A part of the path.
  func capture(_ name: String) -> String { coreContext.parameters.get(name) ?? "" }
}
