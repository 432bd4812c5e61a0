internal import Connectors
internal import Dataflow
internal import Jobs

/// Looks at records: of a job in this process where they pass, of one over workers by way of the database.
extension JobSupervisor {
  /// Lets somebody see records of an edge, for so many seconds at most. Throws `JobFault`, `Problem` 404, 409 or 429.
  func tap(_ name: String, _ edge: String, rate: Int, seconds: Int) async throws -> OpenTap {
    if isEnding { throw JobFault.shuttingDown }
    let job = try job(name)
    if await job.stored.isSharded { return try await tapShards(name, job, edge, rate: rate, seconds: seconds) }
    let (id, feed) = try await job.tap(edge, rate: rate)
    return OpenTap(events: feed.events) { await job.untap(id) }
  }

  private func tapShards(_ name: String, _ job: ManagedJob, _ edge: String, rate: Int, seconds: Int) async throws -> OpenTap {
    guard let state = await job.shards, state.count(.running) > 0 else {
      throw Problem(409, "JOB_NOT_RUNNING", "the job does not run", "no worker runs a shard of it")
    }
    try OpenTap.check(edge, in: try await planned(name).graph)
    guard let tap = try await store.openTap(name, edge, rate: rate, limit: OpenTap.limit) else { throw OpenTap.tooMany }
    // Who reads too slowly misses records.
    let (events, feed) = AsyncStream.makeStream(of: EdgeFeed.Event.self, bufferingPolicy: .bufferingNewest(2 * rate))
    let deadline = ContinuousClock.now + .seconds(seconds)
    // Ends with the time, when whoever looks is never heard of again.
    let reading = Task {
      await self.read(tap, of: job, definition: state.wanted.definition, rate: rate, until: deadline, into: feed)
      feed.finish()
    }
    return OpenTap(events: events) {
      reading.cancel()
      await reading.value
    }
  }

  /// Takes what workers hand over, until the time is over, the job is stopped or deleted, or its document is another one.
  private func read(
    _ tap: Int64, of job: ManagedJob, definition: UInt64, rate: Int, until deadline: ContinuousClock.Instant,
    into feed: AsyncStream<EdgeFeed.Event>.Continuation
  ) async {
    var limit = TapLimit(rate: rate)
    var last = ContinuousClock.now
    for turn in 0... {
      do { try await Task.sleep(for: Self.pauseBetweenRecords) } catch { break }
      let now = ContinuousClock.now
      guard !isEnding, now < deadline, await job.runs(definition) else { break }
      do {
        guard let records = try await store.takeRecords(of: tap, keeps: turn % Self.turnsBetweenSigns == 0) else { break }
        for record in limit.take(records, after: (now - last) / .seconds(1)) {
          feed.yield(EdgeFeed.Event(json: record.json, passed: record.passed))
        }
        last = now
      } catch {
        // The database is away. When it comes back soon the look goes on; otherwise it finds itself over.
      }
    }
    // When the database is away, workers remove it once its time is over.
    try? await store.closeTap(tap)
  }

  private static let pauseBetweenRecords = Duration.milliseconds(250)
  private static let turnsBetweenSigns = 4
}
