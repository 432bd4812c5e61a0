public import Dataflow

/// The operators of this package, in the order in which the reference lists them. A new operator is one line here.
public enum OperatorCatalog {
  /// Every operator that a job file can name.
  public static let all: [OperatorType] = [
    ParseJSON.type,
    ParseLine.type,
    Require.type,
    Filter.type,
    Select.type,
    SetFields.type,
    RedactPII.type,
    Fingerprint.type,
    RefineTemplates.type,
    Route.type,
    TumblingWindow.type,
    SlidingWindow.type,
    SessionWindow.type,
    Deduplicate.type,
  ]
}
