public import Dataflow

/// What every exactly-once sink owes the engine: an epoch is applied once, whatever is tried again and by whom.
public enum SinkConformance {
  /// Writes epochs through the sink's writer and its committer, applies some of them again, takes the sink over with a second committer, and
  /// lets the first one try on as a zombie.
  ///
  /// - Parameters:
  ///   - planned: an exactly-once sink into an empty table.
  ///   - epochs: the rows of each epoch.
  ///   - contents: reads the table.
  ///   - expected: what the table must hold after that many epochs.
  /// - Returns: what is wrong, nothing when the sink conforms.
  public static func problems(
    _ planned: PlannedSink, input: Schema, epochs: [[TestRow]], runtime: any Runtime, contents: () throws -> [String],
    expected: (Int) -> [String]
  ) throws -> [String] {
    guard case .exactlyOnce(let make) = planned.delivery else { return ["the sink has no committer"] }
    var problems: [String] = []
    let staged = try stage(planned, input, epochs, runtime)
    func compare(_ after: Int, _ when: String) throws {
      let (found, wanted) = (try contents().sorted(), expected(after).sorted())
      if found != wanted { problems.append("\(when): the table holds \(found.prefix(5)), should hold \(wanted.prefix(5))") }
    }
    func context(isFresh: Bool, lease: UInt64? = nil) -> SinkContext {
      SinkContext(job: "test", id: "sink", isFresh: isFresh, lease: lease, runtime: runtime)
    }
    let first = try make()
    if try first.open(context(isFresh: true)) != nil { problems.append("an empty sink says that an epoch was applied") }
    let half = staged.count / 2
    for (n, epoch) in staged.prefix(half).enumerated() {
      if try first.apply(epoch).wasApplied { problems.append("epoch \(epoch.epoch) was new") }
      try compare(n + 1, "after epoch \(epoch.epoch)")
      if try !first.apply(epoch).wasApplied { problems.append("epoch \(epoch.epoch) was applied twice") }
      try compare(n + 1, "after epoch \(epoch.epoch) came again")
    }
    if half + 1 < staged.count {
      refuses("an epoch that leaves a gap", &problems) { _ = try first.apply(staged[half + 1]) }
      try compare(half, "after a gap")
    }
    let second = try make()
    if try second.open(context(isFresh: false)) != UInt64(half) { problems.append("the second run is not told of epoch \(half)") }
    if half < staged.count { refuses("a zombie", &problems) { _ = try first.apply(staged[half]) } }
    try compare(half, "after a zombie")
    for epoch in staged { _ = try second.apply(epoch) }
    try compare(staged.count, "at the end")
    if half > 0 { refuses("a fresh start over old rows", &problems) { _ = try make().open(context(isFresh: true)) } }
    // Where leases say who runs: the generation is the lease's, and who slept over the end of one fences nobody.
    let leased = try make()
    if try leased.open(context(isFresh: false, lease: 1_000)) != staged.last?.epoch { problems.append("a lease hides the applied epochs") }
    refuses("an earlier lease", &problems) { _ = try make().open(context(isFresh: false, lease: 999)) }
    if try leased.open(context(isFresh: false, lease: 1_000)) != staged.last?.epoch { problems.append("a lease cannot start again") }
    leased.close()
    first.close()
    second.close()
    return problems
  }

  private static func refuses(_ what: String, _ problems: inout [String], _ body: () throws -> Void) {
    do {
      try body()
      problems.append("\(what) is not refused")
    } catch let error as SinkError {
      if error.retry != .never { problems.append("\(what) would be tried again: \(error)") }
    } catch {
      problems.append("\(what) is refused by \(error), which is no SinkError")
    }
  }

  private static func stage(_ planned: PlannedSink, _ input: Schema, _ epochs: [[TestRow]], _ runtime: any Runtime) throws -> [StagedEpoch]
  {
    let operation = try planned.make()
    try operation.open(OperatorContext(job: "test", id: "sink", runtime: runtime))
    guard let writer = operation as? any SinkWriter else { return [] }
    let output = Output(operatorID: "sink")
    return try epochs.enumerated().map { n, rows in
      if !rows.isEmpty { try writer.process(TestRow.batch(rows, input), output) }
      let (bytes, count) = writer.takeStage()
      return StagedEpoch(
        epoch: UInt64(n + 1), chunks: [bytes], rows: count, digest: bytes.withUnsafeBytes(checksum), manifest: "manifest-\(n + 1)")
    }
  }
}
