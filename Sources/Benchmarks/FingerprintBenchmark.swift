internal import Dataflow
internal import Foundation
internal import Glibc
internal import Jobs
internal import Synchronization

/// Runs the shipped fingerprint job over a file as fast as it goes. Only the source's path and the sinks are replaced; loader, planner, exchange,
/// windows and checkpoint store are the ones of every run.
public struct FingerprintBenchmark: Sendable {
  /// What the windows are keyed by.
  public enum Key: String, Sendable, CaseIterable {
    /// The template's shape alone, as other engines are measured.
    case shape
    /// The product's key: service, environment, shape.
    case capsule
  }
  /// The file with the job `fingerprint`.
  public var jobFile: String
  /// JSON lines to read.
  public var input: String
  /// Threads, and the job's parallelism.
  public var threads: Int
  /// What windows are keyed by.
  public var key: Key
  /// Where result rows go: a folder, or nil to count and forget them.
  public var output: String?
  /// Where checkpoints go and stay; nil for a folder that is removed at the end.
  public var state: String?
  /// Nanoseconds between checkpoints; nil for the job's own.
  public var interval: Int64?
  /// Ends the process as soon as a record has been read, for measuring a restart.
  public var endsAtFirstRecord = false

  /// A run that has not started.
  public init(jobFile: String, input: String, threads: Int, key: Key = .shape, output: String? = nil) {
    self.jobFile = jobFile
    self.input = input
    self.threads = threads
    self.key = key
    self.output = output
  }

  /// One JSON line of figures. Throws what stops the job, and diagnostics as text.
  public func run() async throws -> String {
    let start = Self.monotonic()
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("sloscout-bench-\(getpid())").path
    defer { if state == nil { try? FileManager.default.removeItem(atPath: folder) } }
    var loader = JobLoader(catalog: .standard, environment: ProcessInfo.processInfo.environment)
    loader.edits = JobOverride.only("fingerprint", edits(state ?? folder))
    let loaded = loader.load(paths: [jobFile])
    guard !loaded.hasErrors, let job = loaded.jobs.first(where: { $0.definition.name == "fingerprint" }) else {
      throw BenchmarkError(DiagnosticRenderer(sources: loaded.sources).text(loaded.diagnostics))
    }
    let figures = Mutex((first: 0.0, checkpoints: [CheckpointReport]()))
    let observer = JobObserver { event in
      if case .checkpoint(let report) = event { figures.withLock { $0.checkpoints.append(report) } }
    }
    let session = try JobSession(job, threads: threads, observer: observer)
    let run = Task { try await session.runner.run() }
    if endsAtFirstRecord {
      while true {
        let read = await session.runner.status().flatMap(\.counters).contains { $0.counters.received > 0 }
        if read { _exit(0) }  // a measurement: nothing is to be kept
        try await Task.sleep(nanoseconds: 200_000)
      }
    }
    let watch = Task {
      while !Task.isCancelled {
        try? await Task.sleep(nanoseconds: 2_000_000)
        let totals = await session.runner.totals(await session.runner.status())
        if let windows = totals.first(where: { $0.id == "capsules" }), windows.counters.results > 0 {
          figures.withLock { $0.first = Self.monotonic() - start }
          return
        }
      }
    }
    let result = try await run.value
    watch.cancel()
    let seconds = Self.monotonic() - start
    let usage = ProcessUsage.now
    func total(_ id: String) -> OperatorCounters { result.totals.first { $0.id == id }?.counters ?? OperatorCounters() }
    let read = total("telemetry").received
    let errors = result.totals.reduce(0) { $0 + $1.counters.errors }
    let (first, checkpoints) = figures.withLock { $0 }
    return """
      {"events":\(read),"seconds":\(Self.text(seconds)),"events_per_second":\(Int(Double(read) / seconds)),"cpu_seconds":\(Self.text(usage.cpuSeconds)),\
      "max_rss_bytes":\(usage.maxResidentBytes),"first_result_seconds":\(Self.text(first)),"checkpoints":\(checkpoints.count),\
      "max_pause_ms":\(Self.text(Double(checkpoints.map(\.pause).max() ?? 0) / 1e6)),"counted":\(total("capsules").absorbed),\
      "late":\(total("capsules").late),"errors":\(errors),"results":\(total("capsules").results),"threads":\(threads),"key":"\(key.rawValue)"}
      """
  }

  private func edits(_ folder: String) -> [DocumentEdit] {
    func discard(_ input: String) -> ConfigValue {
      .map([("type", .text("discard")), ("delivery", .text("live")), ("inputs", .list([input])), ("config", .map([]))])
    }
    func file(_ path: String) -> ConfigValue {
      .map([("type", .text("file")), ("inputs", .list(["capsules"])), ("config", .map([("path", .text(path))]))])
    }
    var sinks = [("results", output.map(file) ?? discard("capsules"))]
    // Keyed by shape alone there is no service whose templates could be refined.
    if key == .capsule { sinks.append(("aliases", discard("templates"))) }
    var edits: [DocumentEdit] = [
      .set(["spec", "sources", "telemetry", "type"], .text("file")),
      .set(["spec", "sources", "telemetry", "config"], .map([("path", .text(input)), ("format", .text("json"))])),
      .set(["spec", "parallelism"], ConfigValue(.int(Int64(threads)))),
      .set(["spec", "checkpoint", "store"], .text(folder)),
      .set(["spec", "sinks"], .map(sinks)),
    ]
    // Nothing reads the errors outputs here: they are counted.
    edits.append(.remove(["spec", "operators", "letters"]))
    for path in [["sources", "telemetry"], ["operators", "complete"], ["operators", "redacted"]] {
      edits.append(.set(["spec"] + path + ["onError"], .text("drop")))
    }
    if let interval { edits.append(.set(["spec", "checkpoint", "interval"], .text("\(interval / 1_000_000)ms"))) }
    if key == .shape {
      edits.append(.set(["spec", "operators", "capsules", "config", "keyBy"], .list(["shape"])))
      edits.append(.remove(["spec", "operators", "templates"]))
      edits.append(.remove(["spec", "tests"]))  // they expect templates
    }
    return edits
  }

  private static func monotonic() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private static func text(_ value: Double) -> String { String(format: "%.3f", value) }
}

/// A benchmark that could not run.
public struct BenchmarkError: Error, CustomStringConvertible {
  /// What stopped it, as text.
  public let description: String
  /// An error with this text.
  public init(_ description: String) { self.description = description }
}

extension ConfigValue {
  fileprivate static func list(_ texts: [String]) -> ConfigValue { ConfigValue(.list(texts.map { .text($0) })) }
}
