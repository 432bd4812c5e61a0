public import Dataflow

/// `tumbling-window`: every record belongs to one window.
public enum TumblingWindow {
  /// The catalog entry `tumbling-window`.
  public static let type = OperatorType(
    Descriptor(
      type: "tumbling-window", summary: "Summarises records per key in windows of event time that follow each other without gaps.",
      fields: [
        ConfigField("size", .duration, required: true, example: "1h", "Length of a window; windows begin at multiples of it since 1970.")
      ]
        + WindowConfig.fields,
      example: """
        size: 1h
        allowedLateness: 10m
        keyBy: [service, shape]
        aggregate:
          count: { type: count }
        """)
  ) { config, input in
    let size = try positive(config, "size")
    return try plan(size: size, slide: size, config, input)
  }

  static func positive(_ config: Config, _ name: String) throws -> Int64 {
    guard let value = config.duration(name), value > 0 else {
      throw config.diagnostic(name, code: "config.out-of-range", "\"\(name)\" must be longer than zero", hint: "write 1h, 5m or 30s")
    }
    return value
  }

  static func plan(size: Int64, slide: Int64, _ config: Config, _ input: Schema) throws -> PlannedOperator {
    let window = try WindowConfig(config, input)
    var planned = PlannedOperator(
      schema: window.output, keyFields: window.keys, needsTime: true, hasLateOutput: true, reads: window.reads, makesBatches: true
    ) {
      TimeWindow(size: size, slide: slide, config: window)
    }
    planned.combining = PlannedCombining(
      summaryBytes: WindowCombiner.summaryLimit(window),
      makeCombiner: { WindowCombiner(size: size, slide: slide, config: window, schema: $0, summary: $1) },
      makeOperator: { TimeWindow(size: size, slide: slide, config: window, summary: $0) })
    return planned
  }
}

/// `sliding-window`: a window begins every `slide`; a record belongs to `size / slide` of them.
public enum SlidingWindow {
  /// The catalog entry `sliding-window`.
  public static let type = OperatorType(
    Descriptor(
      type: "sliding-window", summary: "Summarises records per key in windows of event time that overlap.",
      fields: [
        ConfigField("size", .duration, required: true, example: "10m", "Length of a window."),
        ConfigField("slide", .duration, required: true, example: "1m", "Time between the beginnings of two windows; at most `size`."),
      ] + WindowConfig.fields,
      example: """
        size: 10m
        slide: 1m
        keyBy: [service]
        aggregate:
          requests: { type: count }
        """)
  ) { config, input in
    let size = try TumblingWindow.positive(config, "size")
    let slide = try TumblingWindow.positive(config, "slide")
    guard slide <= size else {
      throw config.diagnostic(
        "slide", code: "config.out-of-range", "\"slide\" is longer than \"size\": records between two windows would be lost",
        hint: "make slide at most size, or filter what you do not want")
    }
    return try TumblingWindow.plan(size: size, slide: slide, config, input)
  }
}
