internal import ArgumentParser
internal import Connectors
internal import Foundation
internal import SLO
internal import Server

/// The control server and what belongs to it.
struct ServerCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "server", abstract: "Runs jobs that are submitted over REST or in the browser.",
    discussion: """
      The jobs stand in Postgres: a server that was killed comes back and resumes them from their checkpoints. Ctrl-C stops all jobs with a checkpoint.

      On loopback, and as long as there are no tokens, everybody on this machine may do everything. To listen elsewhere needs a token; the first start
      makes one and prints it once. It also needs a certificate, or --allow-plaintext behind a proxy that speaks TLS.

      EXAMPLES
        sloscout server --database postgresql://localhost/sloscout
        curl -T jobs.yaml http://localhost:8000/api/v1/jobs/fingerprint
        sloscout server --host 0.0.0.0 --tls-certificate chain.pem --tls-key key.pem
        sloscout server --host 0.0.0.0 --tls-certificate chain.pem --tls-key key.pem --client-ca clients.pem
        sloscout server --jobs /etc/sloscout/jobs          jobs with exchange: are run by sloscout worker
        sloscout server token create deploy --role operate
        sloscout server audit verify
      """, subcommands: [Start.self, Token.self, Audit.self], defaultSubcommand: Start.self)

  struct DatabaseOption: ParsableArguments {
    @Option(help: "Where the server keeps its tables; $DATABASE_URL when left out.") var database: String?

    /// Throws exit code 2 when neither names one.
    func url() throws -> String {
      if let url = database ?? ProcessInfo.processInfo.environment["DATABASE_URL"] { return url }
      Terminal.error("no database: give --database postgresql://…, or set DATABASE_URL")
      throw ExitCode(Exit.wrongFile)
    }
  }

  struct Start: StopsGracefully {
    static let configuration = CommandConfiguration(commandName: "start", abstract: "Starts the server (the default).")
    @OptionGroup var database: DatabaseOption
    @Option(help: "Address to listen on.") var host = "127.0.0.1"
    @Option(help: "Port to listen on; 0 takes a free one.") var port = 8000
    @Option(help: "An environment variable that submitted jobs may read besides DATABASE_URL and SLOSCOUT_STATE. May be repeated.")
    var allowVariable: [String] = []
    @Option(
      help: "A file or folder that submitted jobs may read: ${file:…} below it, and then sources of files nowhere else. May be repeated.")
    var allowPath: [String] = []
    @Option(help: "A file, folder or pattern with the OTLP telemetry that analyses read. May be repeated.") var telemetry: [String] = []
    @Option(help: "Budgets of objectives for a window of the calendar, UTC, instead of the last 30 days.")
    var calendar: ObjectiveWindow.Unit?
    @Option(help: "The folder of the sentence model (scripts/model.sh) for search by meaning; without one search goes by words.")
    var model = ".model"
    @Option(help: "The address of the Milvus that has the vectors, when they are not in the database; its token is $MILVUS_TOKEN.")
    var milvus: String?
    @Option(help: "A file that keeps the index of vectors, so that the next start need not read and build it again.") var index: String?
    @Option(
      help:
        "A job file, or a folder of them, that the server's jobs follow: new ones are submitted, changed ones upgraded, those taken out stopped. May be repeated."
    )
    var jobs: [String] = []
    @Flag(help: "Ask for a token on loopback too.") var requireToken = false
    @Option(help: "Speak TLS with this certificate and its chain, a file of PEM; read again when it changes.") var tlsCertificate: String?
    @Option(help: "The certificate's key, a file of PEM.") var tlsKey: String?
    @Option(
      help: "Give connections only to clients with a certificate that an authority in this file of PEM signed; read again when it changes.")
    var clientCA: String?
    @Flag(help: "Speak plain HTTP on other addresses than loopback too: a proxy in front speaks TLS.") var allowPlaintext = false

    @Option(help: "Send spans of the server's own requests there by OTLP over HTTP, such as http://127.0.0.1:4318.") var traces: String?

    func validate() throws {
      guard (tlsCertificate == nil) == (tlsKey == nil) else { throw ValidationError("--tls-certificate and --tls-key go together") }
      guard clientCA == nil || tlsCertificate != nil else { throw ValidationError("--client-ca needs --tls-certificate: it is for TLS") }
    }

    func run() async throws {
      var options = ControlServer.Options(database: try database.url())
      (options.host, options.port, options.requiresToken) = (host, port, requireToken)
      options.variables = DocumentVariables.of(options.database, allowed: allowVariable)
      options.credentials = ProcessInfo.processInfo.environment.filter { $0.key.hasPrefix("AWS_") }
      options.jobs = jobs
      (options.telemetry, options.model, options.readablePaths) = (telemetry, model, allowPath)
      options.index = index
      if let calendar { options.window = .calendar(calendar) }
      if let milvus { options.vectors = .milvus(try MilvusOptions.address(milvus)) }
      if let tlsCertificate, let tlsKey { options.certificate = (tlsCertificate, tlsKey) }
      options.clientAuthorities = clientCA
      (options.allowsPlaintext, options.traces) = (allowPlaintext, traces)
      let place = "\(tlsCertificate == nil ? "http" : "https")://\(host)"
      options.onListening = { Terminal.error("listening on \(place):\($0)") }
      let server = ControlServer(options)
      SignalWatcher.start {
        Terminal.error("\nstopping: a last checkpoint of every job, then the end (again to stop at once)")
        Task { await server.stop() }
      }
      do {
        try await server.run { notice in
          switch notice {
          case .open:
            Terminal.error(
              "WARNING: there are no tokens: everybody on this machine may do everything. Make one: sloscout server token create NAME --role admin"
            )
          case .token(let token): Terminal.error("this token opens the server and is shown only now:\n  \(token)")
          }
        }
      } catch {
        Terminal.error("the server cannot run: \(error)")
        throw ExitCode(Exit.failed)
      }
    }
  }
}
