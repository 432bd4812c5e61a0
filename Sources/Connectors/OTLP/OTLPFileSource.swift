public import Dataflow

/// The source type `otlp-file`: telemetry from files that the OpenTelemetry Collector's file exporter wrote, one request a line.
///
/// Reading, positions and their guarantees are those of the file source it stands on; behind it a decoder takes each line apart.
/// - Output: the fields of `DecodeOTLPLogs`, `DecodeOTLPSpans` or `DecodeOTLPMetrics`. Event times are set.
public enum OTLPFileSource {
  /// The entry of the source catalog.
  public static let type = type(reading: FileSource.type)

  /// The same, reading lines by `files`: a source type whose last decoder, or else whose reader, gives a bytes field `line`.
  static func type(reading files: SourceType) -> SourceType {
    var fields = files.descriptor.fields.map { field in
      guard field.name == "maxLineBytes" else { return field }
      // A request holds a whole batch of records, so it gets the longest line that the file source reads.
      var field = field
      field.defaultValue = "16MiB"
      return field
    }
    fields.append(
      ConfigField(
        "signal", .choice(OTLPSignal.choices), default: "logs", "Which records to take; requests of other signals are passed over."))
    let descriptor = Descriptor(
      type: "otlp-file", summary: "Reads logs, spans or metrics from files of the OpenTelemetry Collector, one JSON request a line.",
      fields: fields,
      example: "path: telemetry/*.jsonl.gz\nsignal: logs")
    return SourceType(descriptor) { config in
      var planned = try files.plan(config)
      let lines = planned.decoders.last?.schema ?? planned.schema
      guard let line = lines.field("line"), line.type == .bytes else {
        preconditionFailure("source type \(files.descriptor.type) gives no field \"line\" of bytes")
      }
      planned.decoders.append((OTLPSignal(rawValue: config.string("signal") ?? "logs") ?? .logs).decoder(of: line))
      return planned
    }
  }
}
