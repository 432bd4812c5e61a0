package import Connectors
internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import NIOCore
internal import NIOPosix
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
    /// Variables of this process in which credentials for S3 are looked for.
    package var credentials: [String: String] = [:]
    /// Job files, and folders of them, that the server's jobs follow.
    package var jobs: [String] = []
    /// Files and folders that submitted documents may read.
    package var readablePaths: [String] = []
    /// Files, folders and patterns with the telemetry that analyses read.
    package var telemetry: [String] = []
    /// What the budgets of objectives are for.
    package var window = ArtifactOptions().window
    /// The folder of the sentence model that search by meaning uses, as scripts/model.sh fills it. Without it search goes by words.
    package var model = ".model"
    /// Where the embedding job keeps its vectors.
    package var vectors = VectorStores.Location.database
    /// A file that keeps the index of vectors for the next start; nil keeps nothing.
    package var index: String?
    /// A token is needed even on loopback.
    package var requiresToken = false
    /// Files of PEM with the certificate and its chain, and with the key. Without them the server speaks plain HTTP, on this machine only.
    package var certificate: (chain: String, key: String)?
    /// A file of PEM with authorities: clients must have a certificate that one of them signed. Nil asks for none.
    package var clientAuthorities: String?
    /// Where spans of the server's own requests are sent by OTLP over HTTP, as `http://127.0.0.1:4318`; nil for nowhere.
    package var traces: String?
    /// Plain HTTP may leave this machine: something in front of the server speaks TLS.
    package var allowsPlaintext = false
    /// Called with the port once requests are taken.
    package var onListening: @Sendable (Int) -> Void = { _ in }

    package init(database: String) { self.database = database }
  }

  private let options: Options
  private let database: ServerDatabase
  private let supervisor: JobSupervisor
  private let analyses: AnalysisRunner
  private let tokens: TokenStore
  private let searcher: CapsuleSearcher
  private let meter = RequestMeter()
  private let life = Mutex(Life.starting)
  private static let logger = Logger(label: "sloscout.server")

  package init(_ options: Options) {
    self.options = options
    database = ServerDatabase(url: options.database)
    tokens = TokenStore(database)
    searcher = CapsuleSearcher(url: options.database, folder: options.model, vectors: options.vectors, index: options.index)
    analyses = AnalysisRunner(AnalysisStore(database: database), paths: options.telemetry, window: options.window)
    supervisor = JobSupervisor(
      JobStore(database: database), JobDocument(variables: options.variables, paths: PathGuard(allowed: options.readablePaths)),
      credentials: options.credentials)
  }

  private enum Life: Sendable {
    case starting
    case serving(ServiceGroup)
    /// Asked to, however early.
    case stopping
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
    guard options.certificate != nil || options.allowsPlaintext || AccessPolicy.isLoopback(options.host) else {
      throw PlaintextRefused(host: options.host)
    }
    let certificate = try options.certificate.map {
      try CertificateFiles(certificate: $0.chain, key: $0.key, clientAuthorities: options.clientAuthorities)
    }
    try await database.migrate()
    let hasTokens = try await !tokens.isEmpty()
    let isOpen = !hasTokens && !options.requiresToken && AccessPolicy.isLoopback(options.host)
    if isOpen {
      notice(.open)
    } else if !hasTokens {
      notice(.token(try await tokens.create("first", .admin, by: "server")))
    }
    try await supervisor.resume()
    let (supervisor, paths) = (supervisor, options.jobs)
    let watching = [Task { await supervisor.watchShards() }, Task { await JobFolder(paths: paths, supervisor: supervisor).follow() }]
    defer { for task in watching { task.cancel() } }
    try await analyses.resume()
    // A stop does not wait for it: reading many vectors takes a minute, and nothing of it must be put away.
    let preparation = Task { await searcher.prepare() }
    defer { preparation.cancel() }
    let policy = AccessPolicy(isOpen: isOpen, scheme: certificate == nil ? "http" : "https")
    let watch = RequestWatch(meter: meter, tracer: try options.traces.map { try RequestTracer(url: $0) })
    let beside = ([certificate, watch.tracer] as [(any Service)?]).compactMap(\.self)
    try await serve(routes().router(Gate(tokens: tokens, policy: policy), watch), certificate, beside)
    await supervisor.close()
  }

  /// The OpenAPI document of the server's routes.
  package var openAPI: StructuredValue { OpenAPIDocument.make(routes().routes) }

  /// All routes, and the one that tells about them.
  func routes() -> RouteTable {
    let routes =
      HealthRoutes(database: database, supervisor: supervisor, meter: meter).routes + JobRoutes(supervisor: supervisor).routes
      + SavepointRoutes(supervisor: supervisor).routes + TapRoutes(supervisor: supervisor).routes
      + AnalysisRoutes(runner: analyses, store: AnalysisStore(database: database)).routes + FlinkRoutes(supervisor: supervisor).routes
      + product() + AuditRoutes(audit: AuditLog(database)).routes + DashboardRoutes().routes
    return RouteTable(routes + [OpenAPIDocument.route(beside: routes)])
  }

  private func product() -> [Route] {
    // A connection of its own: a search through a large table must not hold up the control of jobs.
    let tables = ServerDatabase(url: options.database)
    let (journeys, plans) = (JourneyStore(database: database), JourneyPlans(window: options.window))
    return JourneyRoutes(journeys: journeys, plans: plans).routes
      + IndicatorRoutes(journeys: journeys, indicators: IndicatorStore(database: database), plans: plans).routes
      + ArtifactRoutes(artifacts: ArtifactStore(database: database), policies: PolicyStore(database: database)).routes
      + CapsuleRoutes(capsules: CapsuleStore(database: tables)).routes
      + DeadLetterRoutes(letters: DeadLetterStore(database: tables)).routes
      + SearchRoutes(searcher: searcher).routes
  }

  /// Takes no more requests, stops all jobs with a checkpoint, and ends `run`.
  package func stop() async {
    let group: ServiceGroup? = life.withLock { life in
      defer { life = .stopping }
      guard case .serving(let group) = life else { return nil }
      return group
    }
    await group?.triggerGracefulShutdown()
    await supervisor.untapAll()
  }

  private func serve(_ router: Router<ServerContext>, _ certificate: CertificateFiles?, _ beside: [any Service]) async throws {
    var configuration = ApplicationConfiguration(address: .hostname(options.host, port: options.port), serverName: "sloscout")
    configuration.backlog = 1024
    let log = FrameworkLog.logger()
    let (onListening, wanted) = (options.onListening, options.port)
    // A slow or idle client does not hold its connection for long, and headers have no business to be long.
    let connections = HTTP1Channel.Configuration(
      idleTimeout: .seconds(60),
      httpDecoderConfiguration: .init(maxHeaderFieldSize: 16 << 10, maxHeaderListSize: 32 << 10, maxHeaderFieldCount: 100))
    let server = HTTPServerBuilder { responder in
      let plain = HTTP1Channel(responder: responder, configuration: connections)
      guard let certificate else { return LoopConnections(base: plain) }
      return LoopConnections(base: TLSConnections(base: plain, certificate: certificate))
    }
    // One thread answers ten thousand requests a second also where it has to share its core; several would be woken one by one. Not one of those that
    // telemetry comes in by: neither waits for the other. It lives as long as the process.
    let loop = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    let application = Application(
      router: router, server: server, configuration: configuration,
      onServerRunning: { channel in onListening(channel.localAddress?.port ?? wanted) },
      eventLoopGroupProvider: .shared(loop), logger: log)
    // They end in the opposite order: the last requests are still told of.
    let group = ServiceGroup(configuration: .init(services: beside + [application], logger: log))
    let isStopping = life.withLock { life in
      if case .stopping = life { return true }
      life = .serving(group)
      return false
    }
    if !isStopping { try await group.run() }
  }
}

/// The server would send tokens and telemetry over a network for all to read.
struct PlaintextRefused: Error, CustomStringConvertible {
  let host: String

  var description: String {
    "\(host) is not this machine, and there is no certificate\n  hint: --tls-certificate FILE --tls-key FILE, or --allow-plaintext behind a proxy that speaks TLS"
  }
}
