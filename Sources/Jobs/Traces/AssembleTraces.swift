package import Dataflow
internal import Operators
internal import SLO

/// `assemble-traces`: spans to traces.
package enum AssembleTraces {
  /// What a row of the output holds.
  static let output = Schema([
    ("trace_id", .bytes), ("environment", .bytes), ("entry_service", .bytes), ("entry_operation", .bytes), ("start", .time),
    ("duration", .int64), ("span_count", .int64), ("has_root", .bool), ("revision", .int64), ("spans", .bytes),
  ])

  /// The entry for the catalog.
  package static let type = OperatorType(
    Descriptor(
      type: "assemble-traces",
      summary:
        "Collects the spans of each trace, drops those that are there already, and hands a trace on when no more of it has come for a while.",
      fields: [
        ConfigField(
          "gap", .duration, default: "30s", "Event time after the end of a trace's last span at which it is taken to be complete."),
        ConfigField(
          "allowedLateness", .duration, default: "5m",
          "How much longer a trace is kept: for spans that come late, and for a root that has not come yet."),
        ConfigField(
          "quiet", .duration, default: "1m",
          "Processing time without a span after which traces whose root is there are handed on, as event time stands still then."),
      ],
      example: "gap: 30s\nallowedLateness: 5m")
  ) { config, input in
    let found = SpanColumns.Fields.find(in: input)
    guard let fields = found.fields else {
      throw Diagnostic(
        code: "operator.unknown-field", "the records have no field \"\(found.missing)\", which spans have",
        hint: "read spans: type otlp, otlp-file or topic, with signal: traces")
    }
    let gap = config.duration("gap") ?? 30_000_000_000
    guard gap > 0 else {
      throw config.diagnostic("gap", code: "config.out-of-range", "\"gap\" must be longer than zero", hint: "write 30s or 2m")
    }
    let lateness = config.duration("allowedLateness") ?? 300_000_000_000
    let quiet = config.duration("quiet") ?? 60_000_000_000
    return PlannedOperator(
      schema: output, keyFields: [fields.all[0]], needsTime: true, hasLateOutput: true, reads: fields.all, makesBatches: true
    ) {
      AssembleTracesOperator(fields, gap: gap, lateness: lateness, quiet: quiet)
    }
  }
}
