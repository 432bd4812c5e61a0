public import Dataflow

/// The source type `otlp`: logs or spans that applications and collectors send with OTLP over HTTP.
///
/// ```
/// POST /v1/logs ──▶ check, decompress ──▶ spool on disk ──▶ 200 ──▶ … read, decoded, checkpointed like a file
/// ```
/// - Output: the fields of `DecodeOTLPLogs` or `DecodeOTLPSpans`. Event times are set.
/// - Guarantees: a request that was acknowledged is on the disk, and is read exactly once, whatever dies. While the spool is full senders are told
///   429 with `Retry-After`: memory and disk stay bounded.
/// - State: the offset in the spool. What eight checkpoints in a row have left behind is removed from the disk.
public enum OTLPSource {
  /// The entry of the source catalog.
  public static let type = SourceType(descriptor, plan: plan)

  /// What the source is called and which options it takes.
  public static let descriptor = Descriptor(
    type: "otlp", summary: "Receives logs or spans by OTLP over HTTP.",
    fields: [
      ConfigField("listen", .string, default: "127.0.0.1:4318", "Address and port to listen on; port 0 takes a free one."),
      ConfigField("signal", .choice(["logs", "traces"]), default: "logs", "Which signal to take; the paths of others answer 404."),
      ConfigField(
        "spool", .string, default: ".sloscout/spool",
        "The folder where accepted requests wait. One job at a time uses it; it must survive a restart of the job."),
      ConfigField("maxSpoolBytes", .byteCount, default: "1GiB", "So much may wait to be read; then senders are told to come back later."),
      ConfigField("maxRequestBytes", .byteCount, default: "16MiB", "The longest request, compressed and not."),
    ],
    example: "listen: 127.0.0.1:4318\nsignal: logs")

  /// Makes the plan.
  ///
  /// - Throws: `Diagnostic` for options that cannot be used.
  public static func plan(_ config: Config) throws -> PlannedSource {
    let signal = OTLPSignal(rawValue: config.string("signal") ?? "logs") ?? .logs
    var settings = LocalTopicSettings()
    settings.partitions = 1
    settings.segmentBytes = 16 << 20
    var options = OTLPSourceOptions(client: LocalTopicClient(root: config.string("spool") ?? ".sloscout/spool", settings: settings))
    options.topic = "otlp-\(signal.rawValue)"
    options.maxSpoolBytes = Int64(config.byteCount("maxSpoolBytes") ?? 1 << 30)
    options.server.signals = [signal]
    options.server.maxRequestBytes = config.byteCount("maxRequestBytes") ?? 16 << 20
    (options.server.host, options.server.port) = try address(config)
    return plan(options, signal)
  }

  package static func plan(_ options: OTLPSourceOptions, _ signal: OTLPSignal) -> PlannedSource {
    let request = TopicColumns.value
    return PlannedSource(
      schema: TopicColumns.schema, isReplayable: true, isBounded: false,
      decoders: [signal == .traces ? DecodeOTLPSpans.planned(line: request) : DecodeOTLPLogs.planned(line: request)]
    ) { OTLPSourceReader(options) }
  }

  private static func address(_ config: Config) throws -> (String, Int) {
    let text = config.string("listen") ?? "127.0.0.1:4318"
    guard let colon = text.lastIndex(of: ":"), colon > text.startIndex, let port = Int(text[text.index(after: colon)...]),
      (0...65535).contains(port)
    else {
      throw config.diagnostic(
        "listen", code: "otlp.listen", "listen is not an address and a port: \"\(text)\"", hint: "listen: 127.0.0.1:4318")
    }
    // IPv6 addresses stand in brackets before a port.
    return (text[..<colon].trimmingPrefix("[").description.replacing("]", with: ""), port)
  }
}
