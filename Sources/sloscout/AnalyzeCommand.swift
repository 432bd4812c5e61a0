internal import ArgumentParser
internal import Connectors
internal import Dataflow
internal import Jobs
internal import SLO

/// Finds the journeys of files of telemetry.
struct AnalyzeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "analyze",
    abstract:
      "Finds the journeys that users take through a system in files of traces: how often, how fast, how often they fail, and where.",
    discussion: """
      Reads OTLP requests in JSON, one a line, as the OpenTelemetry Collector's file exporter writes them; gzip and zstd are unpacked. Traces and logs may
      be mixed; logs with trace ids tell errors where spans do not. PATH is a file, a folder or a pattern in quotes.

      EXAMPLES
        sloscout analyze traces.otlp.jsonl.gz logs.otlp.jsonl.gz
        sloscout analyze telemetry/ --service checkout --lookback 24h
        sloscout analyze telemetry/ --out slo
        sloscout analyze telemetry/ --out slo --prometheus http://prometheus:9090
        sloscout analyze telemetry/ --out slo --calendar month
        sloscout analyze telemetry/ --edits journeys.yaml --json > journeys.json
        sloscout analyze --server http://localhost:8000 --service checkout --lookback 7d --out slo

      EXIT CODES
        0 journeys were found   1 there is nothing to show, or Prometheus cannot be asked, and standard error says why   2 the edits or the faults are wrong   64 wrong usage
      """)

  @Argument(help: "Files, folders or patterns.") var paths: [String] = []
  @Option(help: "Only the journeys that touch this service.") var service: String?
  @Option(help: "How far back, counted from the newest record: 90m, 24h, 7d. Without it all is taken.") var lookback: String?
  @Option(help: "Only this deployment environment.") var environment: String?
  @Option(help: "A file of names, pins, merges and splits of journeys.") var edits: String?
  @Option(help: "JSON of injected faults: says how well indicators tell their minutes from others.") var faults: String?
  @Option(help: "A folder to write objectives, rules with tests, dashboards, runbooks and a report to.") var out: String?
  @Option(help: "The address of a Prometheus: queries are made of the series that it has, and said is which of them return data.")
  var prometheus: String?
  @Option(help: "Budgets for a window of the calendar, UTC, instead of the last 30 days; goes with --out.")
  var calendar: ObjectiveWindow.Unit?
  @Option(
    help:
      "The folder of the sentence model (scripts/model.sh): log templates that are like a failure are ordered by meaning, not by words alone."
  )
  var model: String?
  @Flag(help: "Print one JSON object instead of tables.") var json = false
  @OptionGroup var remote: ServerOptions

  func validate() throws {
    if remote.server != nil {
      guard paths.isEmpty, edits == nil, faults == nil, model == nil, calendar == nil else {
        throw ValidationError(
          "a server reads its own telemetry and edits, and has its own --calendar: --server goes with --service, --lookback, --environment, --out and --json"
        )
      }
      guard service != nil else { throw ValidationError("--server needs --service") }
    } else if paths.isEmpty {
      throw ValidationError("name the files of telemetry, or a server with --server")
    }
    if let lookback, (try? Units.duration(lookback)) == nil {
      throw ValidationError("--lookback expects a duration such as 90m, 24h or 7d")
    }
  }

  func run() throws {
    if remote.server != nil, let service {
      return try RemoteAnalysis(server: remote, service: service, environment: environment, lookback: lookback).run(out: out, json: json)
    }
    var request = Analysis.Request(paths: paths)
    request.service = service
    request.environment = environment
    request.model = model
    request.lookback = lookback.flatMap { try? Units.duration($0) }
    if let edits {
      do { request.edits = try EditsFile.read(path: edits) } catch {
        Terminal.error("\(error)")
        throw ExitCode(Exit.wrongFile)
      }
    }
    let analysis: Analysis
    do {
      analysis = try Analysis.run(request) { show($0) }
    } catch {
      Terminal.clearStatus()
      Terminal.error("\(error)")
      throw ExitCode(Exit.failed)
    }
    Terminal.clearStatus()
    let times = analysis.timings.map { "\($0.stage) \($0.nanoseconds / 1_000_000) ms" }
    Terminal.error("\(analysis.facts.bytes >> 20) MiB of content: \(times.joined(separator: ", "))")
    let quality = try faults.map { try judge($0, analysis) }
    let proof = try prometheus.map { try ask($0, analysis) }
    if let out { try write(analysis, proof, to: out) }
    if json { return Terminal.output(AnalysisJSON.text(analysis, quality: quality, proof: proof)) }
    Terminal.output(
      AnalysisSummary.text(analysis) + (proof.map { "\n" + $0.text } ?? "") + (quality.map { "\n" + QualityText.text($0) } ?? ""))
  }

  private func ask(_ address: String, _ analysis: Analysis) throws -> PrometheusProof {
    do { return try PrometheusProof.ask(address, journeys: analysis.journeys) } catch {
      Terminal.error("\(error)")
      throw ExitCode(Exit.failed)
    }
  }

  private func write(_ analysis: Analysis, _ proof: PrometheusProof?, to folder: String) throws {
    var options = analysis.artifactOptions
    if let calendar { options.window = .calendar(calendar) }
    if let proof { (options.inventory, options.prometheus) = (proof.inventory, proof.address) }
    do {
      let files = try ArtifactTree.make(journeys: analysis.journeys, options: options)
      try ArtifactFolder.write(files, to: folder)
      Terminal.error("\(files.count) files in \(folder); begin with \(folder)/index.html")
    } catch {
      Terminal.error("\(error)")
      throw ExitCode(Exit.failed)
    }
  }

  private func judge(_ path: String, _ analysis: Analysis) throws -> QualityTable {
    do {
      let faults = try FaultFile.read(path: path, services: analysis.traces.store.services.strings)
      return QualityJudge.judge(analysis.traces, analysis.discovery, logs: analysis.logs, faults: faults)
    } catch {
      Terminal.error("\(error)")
      throw ExitCode(Exit.wrongFile)
    }
  }

  private func show(_ progress: Analysis.Progress) {
    switch progress {
    case .reading(let file, let number, let of, let bytes):
      if Terminal.isInteractive {
        Terminal.status("reading \(file) (\(number) of \(of)): \(bytes >> 20) MiB")
      } else if bytes == 0 {
        Terminal.error("reading \(file)")
      }
    case .assembling(let spans): report("assembling \(spans) spans")
    case .discovering(let traces): report("finding journeys in \(traces) traces")
    }
  }

  private func report(_ text: String) { if Terminal.isInteractive { Terminal.status(text) } else { Terminal.error(text) } }
}
