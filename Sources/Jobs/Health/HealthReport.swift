package import Connectors
package import Dataflow

/// What one job looks like at a moment.
package struct JobSnapshot: Sendable {
  package var health: JobHealth
  /// The sources' ids.
  package var sources: [String]
  package var status: [SubtaskStatus]
  package var totals: [(id: String, counters: OperatorCounters)]

  package init(health: JobHealth, sources: [String], status: [SubtaskStatus], totals: [(id: String, counters: OperatorCounters)]) {
    self.health = health
    self.sources = sources
    self.status = status
    self.totals = totals
  }
}

/// What the process says about itself: whether it does its work, and its numbers. Pure.
package struct HealthReport: Sendable {
  private let jobs: [JobSnapshot]
  private let spools: [SpoolLevel]
  private let tenants: (tenants: [TenantLevel], strangers: Int)
  private let topics: [TopicReach]
  private let now: Int64
  private let residentBytes: Int?
  private let exposition: String

  /// - Parameters:
  ///   - now: nanoseconds since 1970.
  ///   - exposition: what the jobs' sinks show besides, in the text format of Prometheus.
  package init(
    _ jobs: [JobSnapshot], spools: [SpoolLevel], tenants: (tenants: [TenantLevel], strangers: Int) = ([], 0), topics: [TopicReach] = [],
    now: Int64, residentBytes: Int? = nil, exposition: String = ""
  ) {
    self.jobs = jobs
    self.tenants = tenants
    self.spools = spools
    self.topics = topics
    self.now = now
    self.residentBytes = residentBytes
    self.exposition = exposition
  }

  /// Why not all of the work is done, a line each; empty when it is.
  package var reasons: [String] {
    jobs.flatMap { job in job.health.reasons(now: now).map { "job \(job.health.job): \($0)" } }
      + spools.filter(\.isFull).map { "spool \($0.name) is full: \($0.bytes) of \($0.limit) bytes" }
      + topics.compactMap { reach in reach.trouble.map { "\(reach.place) does not answer: \($0)" } }
  }

  /// What there is to know besides, a line each: how full spools are, and which systems with topics answered.
  package var details: [String] {
    spools.filter { !$0.isFull }.map { "spool \($0.name): \($0.bytes) of \($0.limit) bytes" }
      + topics.filter { $0.trouble == nil }.map { "\($0.place) answers" }
  }

  /// All numbers, in the text format of Prometheus.
  package var metrics: String {
    var text = MetricsText()
    text.add("up", .gauge, "1 while the process does all of its work, as /health/ready says.", [], reasons.isEmpty ? 1 : 0)
    for job in jobs {
      addFlow(job, &text)
      addTime(job, &text)
      addLoad(job, &text)
      addCheckpoints(job, &text)
    }
    for spool in spools {
      let labels = [("spool", spool.name)]
      text.add("spool_bytes", .gauge, "Bytes that wait in a receiver's spool.", labels, Double(spool.bytes))
      text.add("spool_limit_bytes", .gauge, "Bytes from which on a receiver refuses requests.", labels, Double(spool.limit))
      text.add("spool_requests_total", .counter, "Requests that a receiver stored.", labels, Double(spool.accepted))
      text.add("spool_refused_total", .counter, "Requests that a receiver refused for want of room.", labels, Double(spool.refused))
    }
    addTenants(&text)
    for reach in topics {
      text.add(
        "topics_reachable", .gauge, "1 when a system with topics answered.", [("place", reach.place)], reach.trouble == nil ? 1 : 0)
    }
    if let residentBytes { text.add("process_resident_bytes", .gauge, "Memory of the process.", [], Double(residentBytes)) }
    return text.text + exposition
  }

  private func addTenants(_ text: inout MetricsText) {
    for tenant in tenants.tenants {
      let labels = [("source", tenant.source), ("tenant", tenant.tenant)]
      text.add("tenant_requests_total", .counter, "Requests of a tenant that a receiver let in.", labels, Double(tenant.requests))
      text.add("tenant_bytes_total", .counter, "Bytes of those requests as they were sent.", labels, Double(tenant.bytes))
      text.add(
        "tenant_streams", .gauge, "Different streams of a tenant within the hour, where they are limited.", labels, Double(tenant.streams))
      for reason in TenantLevel.Reason.allCases {
        text.add(
          "tenant_refused_total", .counter, "Requests of a tenant that were over its quota.", labels + [("reason", reason.rawValue)],
          Double(tenant.refused[reason] ?? 0))
      }
    }
    if tenants.strangers > 0 {
      text.add("tenant_strangers_total", .counter, "Requests of tenants beyond as many as are kept apart.", [], Double(tenants.strangers))
    }
  }

  private func addFlow(_ job: JobSnapshot, _ text: inout MetricsText) {
    let read = RecordsRead.count(job.totals, sources: job.sources)
    text.add("ingest_events_total", .counter, "Records that sources gave.", [("job", job.health.job)], Double(read))
    for (id, c) in job.totals {
      let labels = [("job", job.health.job), ("operator", id)]
      for (name, help, value) in [
        ("records_in_total", "Records that came to an operator.", c.received),
        ("records_out_total", "Records that an operator handed on or took into state.", c.emitted + c.absorbed),
        ("records_filtered_total", "Records dropped because the job says so.", c.filtered),
        ("records_deduplicated_total", "Records that had been seen before.", c.duplicates),
        ("records_late_total", "Records whose window was closed already.", c.late),
        ("records_dlq_total", "Records that could not be processed and went to the errors output.", c.errors),
        ("results_total", "Rows made from state.", c.results),
      ] { text.add(name, .counter, help, labels, Double(value)) }
      text.add("accounting_imbalance", .gauge, "Records that are not accounted for; must be 0.", labels, Double(c.imbalance))
    }
  }

  private func addTime(_ job: JobSnapshot, _ text: inout MetricsText) {
    let labels = [("job", job.health.job)]
    let sources = job.status.filter(\.isSource)
    if let watermark = sources.map(\.watermark).filter({ $0 != .min && $0 != .max }).min() {
      text.add("watermark_seconds", .gauge, "How far event time has come, in seconds since 1970.", labels, Double(watermark) / 1e9)
      text.add("watermark_lag_seconds", .gauge, "How far event time is behind the clock.", labels, Double(now - watermark) / 1e9)
    }
    let splits = sources.flatMap(\.splits)
    if let newest = splits.map(\.maxTime).filter({ $0 != .min }).max() {
      text.add("ingest_lag_seconds", .gauge, "How far the newest record is behind the clock.", labels, Double(now - newest) / 1e9)
    }
    for split in splits {
      text.add(
        "source_idle", .gauge, "1 when a split holds event time back no longer.", labels + [("split", split.name)], split.isIdle ? 1 : 0)
    }
  }

  private func addLoad(_ job: JobSnapshot, _ text: inout MetricsText) {
    for subtask in job.status {
      guard let last = subtask.counters.first?.id else { continue }
      let labels = [("job", job.health.job), ("operator", last), ("subtask", "\(subtask.subtask)")]
      text.add(
        "operator_busy_seconds_total", .counter, "Time that a chain of operators worked.", labels, Double(subtask.busyNanoseconds) / 1e9)
      text.add(
        "operator_busy_ratio", .gauge, "Share of the time since its start that a chain of operators worked.", labels,
        subtask.elapsedNanoseconds > 0 ? Double(subtask.busyNanoseconds) / Double(subtask.elapsedNanoseconds) : 0)
      text.add(
        "operator_back_pressure_seconds_total", .counter, "Time that a chain of operators was held back by those behind it.", labels,
        Double(subtask.backPressureNanoseconds) / 1e9)
      text.add(
        "queue_batches", .gauge, "Batches that wait for a chain of operators; full queues hold back what feeds them.", labels,
        Double(subtask.queued))
    }
  }

  private func addCheckpoints(_ job: JobSnapshot, _ text: inout MetricsText) {
    let labels = [("job", job.health.job)]
    let health = job.health
    text.add("checkpoints_total", .counter, "Complete checkpoints.", labels, Double(health.checkpoints))
    text.add("restarts_total", .counter, "Starts after a failure.", labels, Double(health.restarts))
    text.add("warnings_total", .counter, "Warnings that were printed.", labels, Double(health.warnings))
    if let last = health.lastCheckpoint {
      text.add("checkpoint_epoch", .gauge, "Number of the newest checkpoint.", labels, Double(last.epoch))
      text.add("checkpoint_duration_seconds", .gauge, "How long the newest checkpoint took.", labels, Double(last.duration) / 1e9)
      text.add("checkpoint_pause_seconds", .gauge, "The longest that a subtask stood still for it.", labels, Double(last.pause) / 1e9)
      text.add("checkpoint_age_seconds", .gauge, "Time since the newest checkpoint.", labels, Double(now - last.at) / 1e9)
      for (kind, bytes) in [("written", last.storedBytes), ("full", last.fullBytes)] {
        text.add("checkpoint_bytes", .gauge, "Bytes that the newest checkpoint wrote, and needs.", labels + [("kind", kind)], Double(bytes))
      }
    }
    for (sink, state) in health.sinks.sorted(by: { $0.key < $1.key }) {
      let labels = labels + [("sink", sink)]
      text.add("sink_ledger_epoch", .gauge, "Newest checkpoint whose rows a sink has.", labels, Double(state.epoch))
      text.add("sink_rows_total", .counter, "Rows that a sink took.", labels, Double(state.rows))
      text.add("sink_refused_rows_total", .counter, "Rows that a sink refused.", labels, Double(state.refused))
    }
  }
}
