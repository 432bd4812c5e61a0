internal import Dataflow
internal import HTTP
internal import Logging
internal import Synchronization

/// Asks targets for their metrics, each at its own moment of the interval, and appends what they answer to a spool.
package final class Scraper: Reception {
  struct Options: Sendable {
    /// What is asked, with the name that samples carry.
    var targets: [Target]
    var job: String
    /// Nanoseconds.
    var interval: Int64
    /// Nanoseconds.
    var timeout: Int64
    var maxBodyBytes: Int
  }

  package struct Target: Sendable, Equatable {
    package var url: String
    package var instance: String

    /// `host:port`, or a URL with or without a path.
    package init(_ text: String) {
      let scheme = ["http://", "https://"].first { text.hasPrefix($0) }
      let whole = scheme == nil ? "http://" + text : text
      let rest = whole.dropFirst((scheme ?? "http://").count)
      let slash = rest.firstIndex(of: "/")
      instance = String(rest[..<(slash ?? rest.endIndex)])
      url = slash == nil ? whole + "/metrics" : whole
    }
  }

  private struct Running {
    var isStopped = false
    var tasks: [Task<Void, Never>] = []
  }

  private static let accepted =
    "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
  private static let logger = Logger(label: "sloscout.prometheus")

  private let options: Options
  private let client: HTTPClient
  private let runtime: any Runtime
  private let store: @Sendable ([UInt8]) async throws -> Void
  private let running = Mutex(Running())

  /// - Parameter store: takes a scrape; it is on the disk when this returns.
  init(_ options: Options, _ runtime: any Runtime, store: @escaping @Sendable ([UInt8]) async throws -> Void) throws {
    self.options = options
    self.runtime = runtime
    self.store = store
    client = try HTTPClient()
  }

  /// A target that does not answer is `up` = 0, and nothing to stop for.
  package var failure: String? { nil }

  package func start() {
    // Owned by the scraper: `stop` cancels them.
    let tasks = options.targets.enumerated().map { index, target in
      Task.detached { [self] in
        // Spread over the interval, so that not all are asked at once.
        var next = runtime.monotonic() + options.interval / Int64(options.targets.count) * Int64(index)
        while !Task.isCancelled {
          let wait = next - runtime.monotonic()
          if wait > 0 { try? await runtime.sleep(nanoseconds: wait) }
          if Task.isCancelled { return }
          await scrape(target)
          // A scrape that took longer than the interval does not make the next ones hurry.
          next = max(next + options.interval, runtime.monotonic())
        }
      }
    }
    let isStopped = running.withLock { running in
      running.tasks = tasks
      return running.isStopped
    }
    if isStopped { tasks.forEach { $0.cancel() } }
  }

  package func stop() {
    let tasks = running.withLock { running in
      running.isStopped = true
      return running.tasks
    }
    tasks.forEach { $0.cancel() }
  }

  private func scrape(_ target: Target) async {
    let begin = runtime.monotonic()
    var record = ScrapeRecord(job: options.job, instance: target.instance, time: runtime.now() / 1_000_000)
    var isUp = false
    do {
      let answer = try await ask(target)
      try record.add(answer.body, isOpenMetrics: answer["content-type"]?.hasPrefix("application/openmetrics-text") ?? false)
      isUp = true
    } catch {
      if Task.isCancelled { return }
      Self.logger.warning("\(target.instance) could not be scraped: \(error)")
      record = ScrapeRecord(job: options.job, instance: target.instance, time: runtime.now() / 1_000_000)
    }
    do {
      try await store(record.kept(isUp: isUp, seconds: Double(runtime.monotonic() - begin) / 1e9))
    } catch { Self.logger.error("a scrape of \(target.instance) is lost: \(error)") }
  }

  private func ask(_ target: Target) async throws -> HTTPClient.Response {
    var request = HTTPClient.Request("GET", target.url, headers: [("Accept", Self.accepted)])
    request.timeout = options.timeout
    request.connectTimeout = options.timeout
    request.maxBodyBytes = options.maxBodyBytes
    request.acceptsCompression = true
    let answer = try await client.send(request)
    guard answer.status == 200 else { throw HTTPError(.failed, "it answered \(answer.status)") }
    return answer
  }
}
