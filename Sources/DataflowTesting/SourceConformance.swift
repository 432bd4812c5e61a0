public import Dataflow

/// What every bounded, replayable source owes the engine.
public enum SourceConformance {
  /// Reads the source to its end plainly, then stopping at random polls and going on from the positions at another parallelism.
  ///
  /// - Parameter count: how many records there are.
  /// - Returns: what is wrong, nothing when the source conforms.
  public static func problems(_ planned: PlannedSource, count: Int, seed: UInt64, rounds: Int = 8) throws -> [String] {
    var random = SeededRandom(seed)
    var problems: [String] = []
    let plain = try read(planned, parallelism: 1, from: [], polls: .max).rows
    if plain.count != count { problems.append("\(plain.count) records of \(count)") }
    for round in 0..<rounds {
      var rows: [String] = []
      var positions: [SplitPosition] = []
      var isDrained = false
      var attempts = 0
      while !isDrained && attempts < 10_000 {
        attempts += 1
        let part = try read(planned, parallelism: random.int(1...4), from: positions, polls: random.int(0...6))
        rows += part.rows
        positions = part.positions
        isDrained = part.isDrained
      }
      if rows.sorted() != plain.sorted() {
        problems.append("round \(round): \(rows.count) records after \(attempts) restarts, \(plain.count) without")
      }
      let names = positions.map(\.name)
      if Set(names).count != names.count { problems.append("round \(round): two subtasks own one split: \(names.sorted())") }
    }
    return problems
  }

  private static func read(
    _ planned: PlannedSource, parallelism: Int, from positions: [SplitPosition], polls: Int
  ) throws -> (rows: [String], positions: [SplitPosition], isDrained: Bool) {
    let runtime = SimulatedRuntime(seed: 1, disk: SimulatedDisk(seed: 1))
    let splits = SplitTable()
    var rows: [String] = []
    var after: [SplitPosition] = []
    var drained = 0
    for subtask in 0..<parallelism {
      let reader = try planned.make()
      defer { reader.close() }
      try reader.open(
        SourceContext(job: "test", id: "source", subtask: subtask, parallelism: parallelism, splits: splits, runtime: runtime))
      if !positions.isEmpty { try reader.restore(positions) }
      var left = polls
      polling: while left > 0 {
        left -= 1
        let batch = RecordBatch(schema: planned.schema)
        let status = try reader.poll(batch)
        for i in 0..<batch.selectedCount {
          let row = Int(batch.selection[i])
          let values = planned.schema.fields.map { RowText.of(batch, $0, row) }
          rows.append("\(splits.name(batch.splits[row]))|\(batch.offsets[row])|\(batch.ordinals[row])|" + values.joined(separator: "|"))
        }
        switch status {
        case .more: continue
        case .wait(let duration):
          runtime.executor.advance(duration.components.seconds * 1_000_000_000 + duration.components.attoseconds / 1_000_000_000 + 1)
        case .drained, .cut:
          drained += 1
          break polling
        }
      }
      after += reader.positions()
    }
    return (rows, after, drained == parallelism)
  }
}
