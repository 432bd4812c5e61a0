package import Dataflow

/// A planned sink under test: rows in, staged epochs out, and a committer as the runtime would open it.
package struct SinkHarness: Sendable {
  package let schema: Schema
  package let planned: PlannedSink

  /// Plans the sink with these options and this connection.
  package init(_ type: SinkType, _ config: Config, connection: Config?, _ schema: Schema) throws {
    self.schema = schema
    planned = try type.plan(config, connection, schema)
  }

  /// Encodes rows as one subtask would between two barriers.
  package func stage(_ rows: [[TestValue]], splits: SplitTable = SplitTable()) throws -> (bytes: [UInt8], rows: Int) {
    let writer = try makeWriter(splits: splits)
    for batch in TestRows.batches(schema, rows) { try writer.process(batch, Output(operatorID: "sink")) }
    return writer.takeStage()
  }

  /// A writer that is open.
  package func makeWriter(splits: SplitTable = SplitTable()) throws -> any SinkWriter {
    guard let writer = try planned.make() as? any SinkWriter else { preconditionFailure("the sink's operator is no SinkWriter") }
    try writer.open(OperatorContext(job: "job", id: "sink", splits: splits, runtime: NoRuntime()))
    return writer
  }

  /// A staged epoch whose rows came from one subtask.
  package func epoch(_ number: UInt64, _ rows: [[TestValue]]) throws -> StagedEpoch {
    epoch(number, stages: rows.isEmpty ? [] : [try stage(rows)])
  }

  /// A staged epoch with one chunk a subtask. The digest is made from the bytes.
  package func epoch(_ number: UInt64, stages: [(bytes: [UInt8], rows: Int)]) -> StagedEpoch {
    var hasher = KeyHasher()
    for stage in stages { stage.bytes.withUnsafeBufferPointer { hasher.combine($0.baseAddress, $0.count) } }
    return StagedEpoch(
      epoch: number, chunks: stages.map(\.bytes), rows: stages.map(\.rows).reduce(0, +), digest: hasher.finish().high,
      manifest: "manifest-\(number)")
  }

  package func makeCommitter() throws -> any SinkCommitter {
    guard case .exactlyOnce(let make) = planned.delivery else { preconditionFailure("the sink keeps no ledger") }
    return try make()
  }

  /// A committer that is open, and what its ledger said.
  package func open(job: String = "job", id: String = "sink", isFresh: Bool = false) throws -> (
    committer: any SinkCommitter, lastApplied: UInt64?
  ) {
    let committer = try makeCommitter()
    return (committer, try committer.open(SinkContext(job: job, id: id, isFresh: isFresh, runtime: NoRuntime())))
  }
}
