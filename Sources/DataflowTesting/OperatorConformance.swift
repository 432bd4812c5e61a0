public import Dataflow

/// What every operator owes the engine, checked by running it in many ways that must not make a difference.
public enum OperatorConformance {
  /// Runs the operator once plainly, then with its input cut at random, with dead rows between the live ones, and with a checkpoint and a
  /// restart after the batches (keyed operators at one to three subtasks). Compares outputs as multisets and asks for balanced books.
  ///
  /// - Parameters:
  ///   - planned: the operator.
  ///   - rows: its input, in order.
  ///   - watermarks: raised one after the other when all input is in; then the input ends.
  ///   - normalize: what of the main output must not depend on how it ran. All of it by default.
  /// - Returns: what is wrong, nothing when the operator conforms.
  public static func problems(
    _ planned: PlannedOperator, input: Schema, rows: [TestRow], watermarks: [Int64] = [], seed: UInt64, rounds: Int = 6,
    normalize: ([String]) -> [String] = { $0 }
  ) throws -> [String] {
    var random = SeededRandom(seed)
    var problems: [String] = []
    func run(_ label: String, cut: () -> Int, dead: Bool, restarts: Bool, checkpoints: Double = 1) throws -> [String] {
      let parallel = planned.keyFields != nil
      let driver = try OperatorDriver(planned, input: input, subtasks: parallel && restarts ? random.int(1...3) : 1)
      func pause() throws {
        guard restarts, random.chance(checkpoints) else { return }
        try driver.checkpoint()
        if random.chance(0.7) { try driver.restart(subtasks: parallel ? random.int(1...3) : 1) }
      }
      var start = 0
      while start < rows.count {
        let end = min(rows.count, start + cut())
        var part = Array(rows[start..<end])
        var unselected: Set<Int> = []
        if dead, part.count < RecordBatch.capacity / 2 {
          // Where there was one row there may be two, the first of them dead.
          var mixed: [TestRow] = []
          for row in part {
            if random.chance(0.3) {
              unselected.insert(mixed.count)
              mixed.append(part[random.int(0...part.count - 1)])
            }
            mixed.append(row)
          }
          part = mixed
        }
        try driver.send(part, dead: unselected)
        start = end
        try pause()
      }
      for watermark in watermarks {
        try driver.watermark(watermark)
        try pause()
      }
      try driver.endOfInput()
      let counters = driver.counters
      if counters.imbalance != 0 { problems.append("\(label): out of balance: \(counters)") }
      if counters.received != rows.count { problems.append("\(label): \(counters.received) of \(rows.count) records received") }
      let (errors, late) = (driver.rows(of: .errors).sorted(), driver.rows(of: .late).sorted())
      return normalize(driver.rows).sorted() + ["errors"] + errors + ["late"] + late
    }
    let plain = try run("plain", cut: { RecordBatch.capacity }, dead: false, restarts: false)
    for round in 0..<rounds {
      let most = [1, 3, 20, 300][random.int(0...3)]
      let (dead, restarts) = (round % 2 == 1, round % 3 != 0)
      let label = "round \(round) (batches of \(most), dead rows: \(dead), restarts: \(restarts))"
      var sizes = SeededRandom(random.next())
      let other = try run(label, cut: { sizes.int(1...most) }, dead: dead, restarts: restarts, checkpoints: most < 10 ? 0.1 : 1)
      if other != plain {
        let missing = difference(plain, other)
        let extra = difference(other, plain)
        problems.append("\(label): \(missing.count) rows missing \(missing.prefix(2)), \(extra.count) too many \(extra.prefix(2))")
      }
    }
    return problems
  }

  private static func difference(_ a: [String], _ b: [String]) -> [String] {
    var counts: [String: Int] = [:]
    for row in b { counts[row, default: 0] += 1 }
    return a.filter { row in
      counts[row, default: 0] -= 1
      return counts[row, default: 0] < 0
    }
  }
}
