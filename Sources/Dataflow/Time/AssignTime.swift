/// Reads each record's event time from a field, refuses impossible ones, and keeps the watermark of the subtask's splits.
///
/// Sits in a source's chain, before any exchange; the subtask asks it for the watermark after every batch.
final class AssignTime: Operator {
  private let policy: TimePolicy
  private let field: Field?
  private let splits: SplitTable
  private let runtime: any Runtime
  private var watermarks: SplitWatermarks
  private var refused: [Int] = []
  /// Nanoseconds for which nobody looked for records.
  private var stalled: Int64 = 0

  init(_ policy: TimePolicy, field: Field?, context: OperatorContext) {
    self.policy = policy
    self.field = field
    splits = context.splits
    runtime = context.runtime
    watermarks = SplitWatermarks(maxOutOfOrder: policy.maxOutOfOrder, idleAfter: policy.idleAfter)
  }

  var current: Int64 { watermarks.current }
  var isIdle: Bool { watermarks.isIdle }
  var allSplits: [SplitWatermarks.Split] { watermarks.splits.values.sorted { $0.name < $1.name } }

  func addSplit(_ split: UInt32) {
    watermarks.add(split, name: splits.name(split), now: now)
  }

  /// Somebody else made the split's records, and says how far their time has come.
  func relay(_ mark: SplitMark) { watermarks.relay(mark) }

  /// The source was not asked for records for so long, because of back-pressure or a pause: that makes no split idle. Otherwise, after a long
  /// pause the first split that is read again would pull the watermark past the records of all the others.
  func stalled(_ nanoseconds: Int64) { stalled += nanoseconds }

  /// Monotonic time without the stalls.
  private var now: Int64 { runtime.monotonic() - stalled }

  /// The subtask's watermark if it rose since the last call.
  func advance() -> Int64? {
    watermarks.advance(now: now, isFinished: splits.isFinished, isComplete: splits.isComplete)
  }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    if policy.isRelayed { return try output.emit(batch) }
    refused.removeAll(keepingCapacity: true)
    let times = batch.times
    if let field { read(field, batch, times) }
    let plausible = policy.plausible
    var largest = Int64.min
    for i in 0..<batch.selectedCount {
      let row = Int(batch.selection[i])
      let time = times[row]
      if plausible.contains(time) { largest = max(largest, time) } else { refused.append(row) }
    }
    if !refused.isEmpty {
      for row in refused {
        let time = times[row]
        try output.fail(
          batch, row: row, reason: "impossible-time",
          detail: time == RecordBatch.noTime ? "no event time" : "event time \(time) ns is not plausible")
      }
      batch.filterSelection { plausible.contains(times[$0]) }
    }
    if batch.selectedCount > 0 {
      let split = batch.splits[Int(batch.selection[0])]
      watermarks.observe(split, time: largest, now: now)
      try output.emit(batch)
    }
  }

  private func read(_ field: Field, _ batch: RecordBatch, _ times: UnsafeMutablePointer<Int64>) {
    if field.type == .bytes {
      let texts = batch.bytes(field)
      for i in 0..<batch.selectedCount {
        let row = Int(batch.selection[i])
        times[row] = RFC3339.parse(texts[row].buffer) ?? RecordBatch.noTime
      }
      return
    }
    let factor: Int64 =
      switch policy.unit {
      case .nanoseconds, .rfc3339: 1
      case .microseconds: 1_000
      case .milliseconds: 1_000_000
      case .seconds: 1_000_000_000
      }
    let values = batch.int64s(field)
    let nulls = batch.nulls(field)
    for i in 0..<batch.selectedCount {
      let row = Int(batch.selection[i])
      let (time, overflow) = values[row].multipliedReportingOverflow(by: factor)
      times[row] = nulls[row] != 0 || overflow ? RecordBatch.noTime : time
    }
  }

  func snapshot(_ into: inout SnapshotBuilder) throws {
    into.add("watermarks", watermarks.encode())
  }

  func restore(_ from: StateReader) throws {
    try watermarks.restore(from.sections("watermarks"))
  }
}
