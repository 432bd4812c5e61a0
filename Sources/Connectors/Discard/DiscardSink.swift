public import Dataflow

/// The sink type `discard`: counts rows and forgets them. For measuring, and for dry runs of a job.
public enum DiscardSink {
  /// The catalog entry `discard`.
  public static let type = SinkType(
    Descriptor(type: "discard", summary: "Counts rows and forgets them.", fields: [], example: "{}")
  ) { _, _, _ in
    PlannedSink(delivery: .live) { DiscardWriter() }
  }
}

private final class DiscardWriter: Operator {
  func process(_ batch: RecordBatch, _ output: Output) throws { output.absorb(batch.selectedCount) }
}
