internal import ArgumentParser
internal import Connectors
internal import Dataflow
internal import Foundation
internal import Jobs

/// Looks for capsules by what they mean.
struct SearchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "search", abstract: "Finds capsules by what they mean, in your own words.",
    discussion: """
      Asks the database that the job fingerprint writes into. With a model (scripts/model.sh) and after the job embedding has run, templates are found by
      meaning and by words; without, by words alone, and the answer says so. Questions are redacted before a model sees them.

      EXAMPLES
        sloscout search "disk is running full"
        sloscout search "user could not log in" --service sshd --severity ERROR --from 2026-01-01 --limit 5
        sloscout search "payment declined" --json
      """)

  @Argument(help: "What you look for.") var text: String
  @Option(help: "Job files whose connections are used; jobs.yaml when none is named.") var jobs: [String] = []
  @Option(help: "The database, instead of the postgres connection of the job files.") var database: String?
  @Option(
    help: ArgumentHelp(
      "Where the vectors are when not in the database: the address of a Milvus, or the name of a milvus connection of the job files.",
      valueName: "milvus"))
  var store: String?
  @Option(help: "Only capsules of this service.") var service: String?
  @Option(help: "Only capsules of this environment.") var environment: String?
  @Option(help: "Only capsules that have records of this severity: ERROR.") var severity: String?
  @Option(help: "Only capsules whose window ends after this time: 2026-01-01T12:00:00Z.") var from: String?
  @Option(help: "Only capsules whose window begins before this time.") var to: String?
  @Option(help: "How many results, at most.") var limit = 10
  @Option(help: "A file for the index of vectors, which makes the next search faster.") var index: String?
  @Flag(help: "One JSON object instead of text.") var json = false

  func run() async throws {
    guard limit > 0 else { throw ValidationError("--limit must be at least 1") }
    let environmentVariables = ProcessInfo.processInfo.environment
    let loader = JobLoader(catalog: .standard, environment: environmentVariables)
    let loaded = loader.load(paths: jobs.isEmpty ? ["jobs.yaml"] : jobs)
    guard let url = database ?? Self.connection("postgres", loaded)?.string("url") ?? environmentVariables["DATABASE_URL"] else {
      Terminal.error("there is no database to ask\n  hint: name one with --database, or run this where jobs.yaml is")
      throw ExitCode(Exit.wrongFile)
    }
    let search = try CapsuleSearch(
      url: url, model: Self.connection("embeddings", loaded) ?? Config(), snapshot: index, vectors: try location(loaded))
    var query = CapsuleQuery(text)
    (query.service, query.environment, query.severity, query.from, query.to, query.limit) = (
      service, environment, severity, from, to, limit
    )
    do {
      let result = try await search.search(query)
      Terminal.print(json ? try Self.json(result) : SearchReport(result).text)
      if !json, let note = result.note { Terminal.error("searched by words only: \(note)") }
    } catch {
      Terminal.error("\(error)")
      throw ExitCode(Exit.failed)
    }
  }

  private func location(_ loaded: LoadedJobs) throws -> VectorStores.Location {
    guard let store else { return .database }
    if store.contains("://") { return .milvus(try MilvusOptions.address(store)) }
    guard let connection = loaded.connections.first(where: { $0.type == "milvus" && $0.name == store }) else {
      Terminal.error(
        "there is no connection \"\(store)\" of type milvus in the job files\n  hint: name the file with --jobs, or write the address: --store http://host:19530"
      )
      throw ExitCode(Exit.wrongFile)
    }
    return .milvus(try MilvusOptions(connection.config ?? Config()))
  }

  private static func connection(_ type: String, _ loaded: LoadedJobs) -> Config? {
    loaded.connections.first { $0.type == type }?.config
  }

  private static func json(_ result: CapsuleSearchResult) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(result), as: UTF8.self)
  }
}

/// An answer for people: a few lines a template.
struct SearchReport {
  let text: String

  init(_ result: CapsuleSearchResult) {
    var lines: [String] = []
    for hit in result.hits {
      let level = hit.severities.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
      lines.append("\(Self.number(hit.score))  \(Self.plain(hit.template))")
      lines.append(
        "       \(hit.count) records\(level.isEmpty ? "" : " (\(level))") of \(Self.plain(hit.services.joined(separator: ", ")))"
          + " in \(Self.plain(hit.environments.joined(separator: ", "))), \(hit.firstSeen) to \(hit.lastSeen)")
      lines += hit.samples.prefix(2).map { "       > \(Self.plain($0))" }
    }
    let method = result.model.map { "by meaning (\($0)) and words" } ?? "by words only, without a model"
    lines.append("\(result.hits.count) of \(result.searched) templates, \(method)")
    text = lines.joined(separator: "\n")
  }

  private static func number(_ score: Float) -> String { String(format: "%.3f", Double(score)) }

  /// Safe for a terminal, and short.
  private static func plain(_ text: String) -> String {
    var (cut, output) = (String(text.prefix(160)), [UInt8]())
    if cut.utf8.count < text.utf8.count { cut += "…" }
    cut.withUTF8 { TextWriter.append(text: $0, isQuoted: false, to: &output) }
    return String(decoding: output, as: UTF8.self)
  }
}
