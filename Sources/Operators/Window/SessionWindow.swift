public import Dataflow

/// `session-window`: a window per key and burst of activity, closed by a gap without records.
public enum SessionWindow {
  /// The catalog entry `session-window`.
  public static let type = OperatorType(
    Descriptor(
      type: "session-window", summary: "Summarises records per key in sessions: bursts of event time that a gap ends.",
      fields: [ConfigField("gap", .duration, required: true, example: "30s", "Event time without a record that ends a session.")]
        + WindowConfig.fields,
      example: """
        gap: 30s
        keyBy: [trace_id]
        aggregate:
          spans: { type: count }
        """)
  ) { config, input in
    let gap = try TumblingWindow.positive(config, "gap")
    let window = try WindowConfig(config, input)
    return PlannedOperator(
      schema: window.output, keyFields: window.keys, needsTime: true, hasLateOutput: true, reads: window.reads, makesBatches: true
    ) {
      SessionWindowOperator(gap: gap, config: window)
    }
  }
}
