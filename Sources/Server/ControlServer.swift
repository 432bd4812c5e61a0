package import Connectors
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
package import SLO
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
    /// The folder of the sentence model that search by meaning uses, as scripts/model.sh fills it. Without it search goes by words.
    package var model = ".model"
    /// Where the embedding job keeps its vectors.
    package var vectors = VectorStores.Location.database
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
    try await serve(routes().router(Gate(tokens: tokens, policy: AccessPolicy(isOpen: isOpen))))
    await supervisor.close()
  }

  /// The OpenAPI document of the server's routes.
  package var openAPI: StructuredValue { OpenAPIDocument.make(routes().routes) }

  /// All routes, and the one that tells about them.
  func routes() -> RouteTable {
    let routes =
      HealthRoutes(database: database, supervisor: supervisor).routes + JobRoutes(supervisor: supervisor).routes
      + TapRoutes(supervisor: supervisor).routes
      + AnalysisRoutes(runner: analyses, store: AnalysisStore(database: database)).routes + FlinkRoutes(supervisor: supervisor).routes
      + product() + AuditRoutes(audit: AuditLog(database)).routes + DashboardRoutes().routes
    return RouteTable(routes + [OpenAPIDocument.route(beside: routes)])
  }

  private func product() -> [Route] {
    let (journeys, plans) = (JourneyStore(database: database), JourneyPlans())
    return JourneyRoutes(journeys: journeys, plans: plans).routes
      + IndicatorRoutes(journeys: journeys, indicators: IndicatorStore(database: database), plans: plans).routes
      + ArtifactRoutes(artifacts: ArtifactStore(database: database), policies: PolicyStore(database: database)).routes
      + CapsuleRoutes(capsules: CapsuleStore(database: ServerDatabase(url: options.database))).routes
      + SearchRoutes(searcher: CapsuleSearcher(url: options.database, folder: options.model, vectors: options.vectors)).routes
  }

  /// Takes no more requests, stops all jobs with a checkpoint, and ends `run`.
  package func stop() async {
    await group.withLock { $0 }?.triggerGracefulShutdown()
    await supervisor.untapAll()
  }

  private func serve(_ router: Router<ServerContext>) async throws {
    var configuration = ApplicationConfiguration(address: .hostname(options.host, port: options.port), serverName: "sloscout")
    configuration.backlog = 1024
    var quiet = Logger(label: "sloscout.server.http")
    quiet.logLevel = .error
    let (onListening, wanted) = (options.onListening, options.port)
    // A slow or idle client does not hold its connection for long, and headers have no business to be long.
    let connections = HTTP1Channel.Configuration(
      idleTimeout: .seconds(60),
      httpDecoderConfiguration: .init(maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100))
    let application = Application(
      router: router, server: .http1(configuration: connections), configuration: configuration,
      onServerRunning: { channel in onListening(channel.localAddress?.port ?? wanted) },
      logger: quiet)
    let group = ServiceGroup(configuration: .init(services: [application], logger: quiet))
    self.group.withLock { $0 = group }
    try await group.run()
  }
}
