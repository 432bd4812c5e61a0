public import Dataflow

/// The source type `syslog`: messages of RFC 5424 and RFC 3164, by UDP and TCP.
///
/// - Output: the fields of `DecodeOTLPLogs`. The service is the application's name or the tag; attributes are `host.name`, `process.pid`,
///   `syslog.facility`, `syslog.severity`, `syslog.msgid` and `syslog.structured_data` (a map of maps). The year that RFC 3164 lacks is that which
///   brings a time closest to the clock; a message without a time gets that at which it came. What cannot be taken apart is all message.
/// - TCP: each message with its length in front, or ended by a newline (RFC 6587), told apart message by message.
/// - Guarantees: what was received is on the disk before more is read, and from there on it is exactly once. Syslog itself has no answers: what was
///   under way when either side died is lost, and so are datagrams that come faster than they can be kept; those are counted.
/// - State: as the source `otlp`.
public enum SyslogSource {
  /// The entry of the source catalog.
  public static let type = SourceType(descriptor, plan: plan)

  /// What the source is called and which options it takes.
  public static let descriptor = Descriptor(
    type: "syslog", summary: "Receives syslog messages (RFC 5424 and 3164) by UDP and TCP.",
    fields: [
      ConfigField("listen", .string, default: listen, "Address and port to listen on; port 0 takes a free one."),
      ConfigField("transport", .choice(["both", "udp", "tcp"]), default: "both", "How messages come."),
      ConfigField(
        "utcOffset", .string, default: "+00:00", "What the clocks of senders show against UTC, for times that do not say: `+02:00`."),
      ConfigField("maxMessageBytes", .byteCount, default: "64KiB", "So much of a message is kept."),
    ] + PushSource.spoolFields,
    example: "listen: 127.0.0.1:5514")

  private static let listen = "127.0.0.1:5514"

  /// Makes the plan.
  ///
  /// - Throws: `Diagnostic` for options that cannot be used.
  public static func plan(_ config: Config) throws -> PlannedSource {
    var options = SyslogReceiver.Options(address: try ListenAddress.option("listen", of: config, default: listen))
    let transport = config.string("transport") ?? "both"
    options.udp = transport != "tcp"
    options.tcp = transport != "udp"
    options.maxMessageBytes = config.byteCount("maxMessageBytes") ?? 64 << 10
    let offset = config.string("utcOffset") ?? "+00:00"
    guard let seconds = seconds(offset) else {
      throw config.diagnostic(
        "utcOffset", code: "syslog.utc-offset", "utcOffset is no offset from UTC: \"\(offset)\"", hint: "utcOffset: \"+02:00\"")
    }
    options.offset = seconds
    let (planned, client, limit) = (options, PushSource.client(config), PushSource.maxSpoolBytes(config))
    return PlannedSource(
      schema: TopicColumns.schema, isReplayable: true, isBounded: false, decoders: [DecodeOTLPLogs.planned(line: TopicColumns.value)]
    ) {
      SpoolSourceReader(client, topic: "syslog", limit: limit) { spool, runtime in SyslogReceiver(planned, spool, runtime) }
    }
  }

  /// `+hh:mm` in seconds.
  private static func seconds(_ text: String) -> Int64? {
    let bytes = Array(text.utf8)
    guard bytes.count == 6, bytes[0] == UInt8(ascii: "+") || bytes[0] == UInt8(ascii: "-"), bytes[3] == UInt8(ascii: ":"),
      let hours = Int64(text.dropFirst().prefix(2)), let minutes = Int64(text.suffix(2)), (0...14).contains(hours),
      (0...59).contains(minutes)
    else { return nil }
    return (hours * 60 + minutes) * (bytes[0] == UInt8(ascii: "-") ? -60 : 60)
  }
}
