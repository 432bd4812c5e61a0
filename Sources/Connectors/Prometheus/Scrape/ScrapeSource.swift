public import Dataflow

/// The source type `prometheus-scrape`: metrics that programs expose in Prometheus' text format or in OpenMetrics, asked for again and again.
///
/// - Output: the fields of `DecodeOTLPMetrics`, one record a sample, with the labels `job` and `instance`; besides for every scrape `up` (1, or 0 when
///   the target did not answer or not in the format), `scrape_duration_seconds` and `scrape_samples_scraped`. Event times are those of the scrape,
///   or the target's own.
/// - Guarantees: a scrape cannot be repeated, so it is written to a spool first, and is read from there exactly once. While the spool is full
///   scrapes are lost, and said so. Series that disappear are not marked as stale.
public enum ScrapeSource {
  /// The entry of the source catalog.
  public static let type = SourceType(descriptor, plan: plan)

  /// What the source is called and which options it takes.
  public static let descriptor = Descriptor(
    type: "prometheus-scrape", summary: "Asks programs for their metrics, as a Prometheus does.",
    fields: [
      ConfigField(
        "targets", .list(.string), required: true, example: "[localhost:9090]",
        "What to ask: host:port, or a URL; without a path /metrics is asked for."),
      ConfigField("job", .string, default: "sloscout", "The label job of all samples."),
      ConfigField("interval", .duration, default: "15s", "How often every target is asked."),
      ConfigField("timeout", .duration, default: "10s", "How long a target may take to answer."),
      ConfigField("maxBodyBytes", .byteCount, default: "16MiB", "The longest answer."),
    ] + PushSource.spoolFields, example: "targets: [localhost:9090, \"https://shop.example/internal/metrics\"]\ninterval: 15s")

  /// Makes the plan.
  ///
  /// - Throws: `Diagnostic` for options that cannot be used.
  public static func plan(_ config: Config) throws -> PlannedSource {
    let texts = config.strings("targets") ?? []
    guard !texts.isEmpty else {
      throw config.diagnostic(
        "targets", code: "prometheus.targets", "there is no target to scrape", hint: "targets: [localhost:9090]")
    }
    let (interval, timeout) = (config.duration("interval") ?? 15_000_000_000, config.duration("timeout") ?? 10_000_000_000)
    guard interval >= 100_000_000, timeout > 0, timeout <= interval else {
      throw config.diagnostic(
        "timeout", code: "prometheus.timeout", "the timeout is not within the interval, or the interval is below 100ms",
        hint: "interval: 15s, timeout: 10s")
    }
    let options = Scraper.Options(
      targets: texts.map { Scraper.Target($0) }, job: config.string("job") ?? "sloscout", interval: interval, timeout: timeout,
      maxBodyBytes: config.byteCount("maxBodyBytes") ?? 16 << 20)
    let (client, limit) = (PushSource.client(config), PushSource.maxSpoolBytes(config))
    return PlannedSource(
      schema: TopicColumns.schema, isReplayable: true, isBounded: false,
      decoders: [DecodeRemoteWrite.planned(request: TopicColumns.value)]
    ) {
      SpoolSourceReader(client, topic: "prometheus-scrape", limit: limit) { spool, _ in
        try Scraper(options, spool.runtime) { try await spool.append($0) }
      }
    }
  }
}
