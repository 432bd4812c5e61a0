internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import ServiceLifecycle
internal import Synchronization

/// The control server: jobs over REST and in the browser, on port 8000.
///
/// Durable: what jobs there are stands in Postgres, what they have done in their checkpoints. A server that is killed comes back and goes on.
package final class ControlServer: Sendable {
  /// What a server is started with.
  package struct Options: Sendable {
    package var host = "127.0.0.1"
    /// 0 takes a free one.
    package var port = 8000
    /// Where the server keeps its tables.
    package var database: String
    /// Environment variables that submitted documents may read, with their values.
    package var variables: [String: String] = [:]
    /// Files, folders and patterns with the telemetry that analyses read.
    package var telemetry: [String] = []
    /// A token is needed even on loopback.
    package var requiresToken = false
    /// Called with the port once requests are taken.
    package var onListening: @Sendable (Int) -> Void = { _ in }

    package init(database: String) { self.database = database }
  }

  private let options: Options
  private let database: ServerDatabase
  private let supervisor: JobSupervisor
  private let analyses: AnalysisRunner
  private let tokens: TokenStore
  private let group = Mutex<ServiceGroup?>(nil)
  private static let logger = Logger(label: "sloscout.server")

  package init(_ options: Options) {
    self.options = options
    database = ServerDatabase(url: options.database)
    tokens = TokenStore(database)
    analyses = AnalysisRunner(AnalysisStore(database: database), paths: options.telemetry)
    supervisor = JobSupervisor(JobStore(database: database), JobDocument(variables: options.variables))
  }

  /// What a start found out and a person should read.
  package enum Notice: Sendable {
    /// There was no token: this one was made. It cannot be shown again.
    case token(String)
    /// Nobody needs a token, on this machine.
    case open
  }

  /// Runs until `stop`.
  ///
  /// - Parameter notice: is told what a person should read at the start.
  /// - Throws: `StoreUnavailable` when the database does not answer, or what keeps the server from listening.
  package func run(_ notice: @Sendable (Notice) -> Void) async throws {
    try await database.migrate()
    let hasTokens = try await !tokens.isEmpty()
    let isOpen = !hasTokens && !options.requiresToken && AccessPolicy.isLoopback(options.host)
    if isOpen {
      notice(.open)
    } else if !hasTokens {
      notice(.token(try await tokens.create("first", .admin, by: "server")))
    }
    try await supervisor.resume()
    try await analyses.resume()
    let router = Router(context: ServerContext.self)
    router.add(middleware: ProblemMiddleware())
    router.add(middleware: AuthorizationMiddleware(tokens: tokens, policy: AccessPolicy(isOpen: isOpen)))
    HealthRoutes(database: database, supervisor: supervisor).add(to: router)
    JobRoutes(supervisor: supervisor).add(to: router)
    AnalysisRoutes(runner: analyses, store: AnalysisStore(database: database)).add(to: router)
    FlinkRoutes(supervisor: supervisor).add(to: router)
    AuditRoutes(audit: AuditLog(database)).add(to: router)
    DashboardRoutes().add(to: router)
    try await serve(router)
    await supervisor.close()
  }

  /// Takes no more requests, stops all jobs with a checkpoint, and ends `run`.
  package func stop() async { await group.withLock { $0 }?.triggerGracefulShutdown() }

  private func serve(_ router: Router<ServerContext>) async throws {
    var configuration = ApplicationConfiguration(address: .hostname(options.host, port: options.port), serverName: "sloscout")
    configuration.backlog = 1024
    var quiet = Logger(label: "sloscout.server.http")
    quiet.logLevel = .error
    let (onListening, wanted) = (options.onListening, options.port)
    let application = Application(
      router: router, configuration: configuration, onServerRunning: { channel in onListening(channel.localAddress?.port ?? wanted) },
      logger: quiet)
    let group = ServiceGroup(configuration: .init(services: [application], logger: quiet))
    self.group.withLock { $0 = group }
    try await group.run()
  }
}
