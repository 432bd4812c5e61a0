/// An async stage's place in its chain: opens it, and makes what it remembers part of checkpoints. The batches go past it, through the loop of
/// `Subtask.runAsyncStage`.
///
/// Where there is no such loop (the `tests:` of a job file) batches pass unchanged: nothing is called there.
final class StageOperator: Operator {
  let stage: any AsyncStage

  init(_ stage: any AsyncStage) { self.stage = stage }

  func open(_ context: OperatorContext) throws { try stage.open(context) }
  func process(_ batch: RecordBatch, _ output: Output) throws { try output.emit(batch) }
  func snapshot(_ into: inout SnapshotBuilder) throws { try stage.snapshot(&into) }
  func restore(_ from: StateReader) throws { try stage.restore(from) }
  var counts: [(name: String, count: Int)] { stage.counts }
}
