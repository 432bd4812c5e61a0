/// Where an operator's records go, and where each record that does not is accounted for.
///
/// A class so that the next operator of the chain, or an exchange, can stand behind it. Owned by one subtask.
open class Output {
  /// Where this operator's records went, since it was opened or restored.
  public package(set) var counters = OperatorCounters()
  /// What to do with a record that fails.
  public let onError: ErrorPolicy
  let operatorID: String
  private var errors: ErrorBatchBuilder?
  private var lateRecords: ErrorBatchBuilder?

  /// An output that hands nothing on: subclasses override `deliver`.
  public init(operatorID: String, onError: ErrorPolicy = .fail) {
    self.operatorID = operatorID
    self.onError = onError
  }

  /// Hands the alive rows of a batch on. The caller must not use the batch afterwards.
  open func deliver(_ batch: RecordBatch) throws {}

  /// Hands a batch to one of the operator's side outputs (`errors`, `late`).
  open func deliver(_ batch: RecordBatch, to side: SideOutput) throws {}

  /// Hands the alive rows of a batch on; they count as `out`.
  public final func emit(_ batch: RecordBatch) throws {
    counters.emitted += batch.selectedCount
    if batch.selectedCount > 0 { try deliver(batch) }
  }

  /// Hands on rows that the operator made (window results). They stand outside the balance: their inputs were absorbed.
  public final func emitResults(_ batch: RecordBatch) throws {
    counters.results += batch.selectedCount
    if batch.selectedCount > 0 { try deliver(batch) }
  }

  /// Records come in: called by whoever calls `process`, which is the engine, or a test in its place.
  package final func received(_ count: Int) { counters.received += count }
  /// The records were taken into the operator's state.
  public final func absorb(_ count: Int) { counters.absorbed += count }
  /// The records were dropped because the job says so.
  public final func filtered(_ count: Int) { counters.filtered += count }
  /// The records had been seen before.
  public final func duplicate(_ count: Int) { counters.duplicates += count }

  /// The record came too late: it is counted, and goes to the `late` output if something reads it, as an error record with the reason `late`.
  ///
  /// The caller drops the row from the selection itself.
  public final func late(_ batch: RecordBatch, row: Int, detail: String = "") throws {
    counters.late += 1
    guard hasReader(of: .late) else { return }
    let builder = lateRecords ?? ErrorBatchBuilder(operatorID: operatorID)
    lateRecords = builder
    if builder.append(batch, row, "late", detail) { try flushErrors() }
  }

  /// Whether something reads the side output.
  open func hasReader(of side: SideOutput) -> Bool { false }

  /// The record cannot be processed. By policy this throws `RecordError`, counts, or sends it to the `errors` output.
  ///
  /// The caller drops the row from the selection itself.
  public final func fail(_ batch: RecordBatch, row: Int, reason: ErrorReason, detail: String = "") throws {
    counters.errors += 1
    switch onError {
    case .fail: throw RecordError(operatorID: operatorID, reason: reason, detail: detail, offset: batch.offsets[row])
    case .drop: return
    case .route:
      let builder = errors ?? ErrorBatchBuilder(operatorID: operatorID)
      errors = builder
      if builder.append(batch, row, reason, detail) { try flushErrors() }
    }
  }

  /// Sends collected error and late records on. The runtime calls this after every batch and before every watermark and barrier.
  public final func flushErrors() throws {
    if let batch = errors?.take() { try deliver(batch, to: .errors) }
    if let batch = lateRecords?.take() { try deliver(batch, to: .late) }
  }
}

/// A second output of an operator.
public enum SideOutput: String, Sendable, CaseIterable {
  case errors
  case late
}

/// What happens to a record that cannot be processed.
public enum ErrorPolicy: String, Sendable {
  /// The job stops. The default: losing data is never the default.
  case fail
  /// Counted and dropped.
  case drop
  /// Sent to the operator's `errors` output.
  case route
}

/// Why a record was refused: a stable code for metrics and dead letters.
public struct ErrorReason: Hashable, Sendable, RawRepresentable, ExpressibleByStringLiteral, CustomStringConvertible {
  /// The code: kebab-case.
  public let rawValue: String
  /// A reason of that code.
  public init(rawValue: String) { self.rawValue = rawValue }
  /// A reason of that code.
  public init(stringLiteral value: String) { rawValue = value }
  /// The code.
  public var description: String { rawValue }
}

/// A record that cannot be processed, under `onError: fail`. Holds no record contents.
public struct RecordError: Error, CustomStringConvertible {
  /// The operator's id in the job.
  public let operatorID: String
  /// Why.
  public let reason: ErrorReason
  /// What the operator says about it; holds no record contents.
  public let detail: String
  /// The record's offset in its split.
  public let offset: Int64

  /// A sentence for people.
  public var description: String {
    let tail = detail.isEmpty ? "" : ": \(detail)"
    return "operator \"\(operatorID)\" cannot process the record at offset \(offset): \(reason)\(tail)"
  }
}

/// Where records of one operator went. `in = emitted + absorbed + filtered + duplicates + late + errors` always holds.
public struct OperatorCounters: Sendable, Equatable {
  /// Records that came in.
  public package(set) var received = 0
  /// Records handed on.
  public package(set) var emitted = 0
  /// Records taken into state (windows, sinks).
  public package(set) var absorbed = 0
  /// Records dropped because the job says so.
  public package(set) var filtered = 0
  /// Records that had been seen before.
  public package(set) var duplicates = 0
  /// Records whose window was closed already.
  public package(set) var late = 0
  /// Records that could not be processed.
  public package(set) var errors = 0
  /// Rows made from state: outside the balance.
  public package(set) var results = 0

  /// Zeros.
  public init() {}

  /// Zero, or the books are wrong.
  public var imbalance: Int { received - emitted - absorbed - filtered - duplicates - late - errors }
}
