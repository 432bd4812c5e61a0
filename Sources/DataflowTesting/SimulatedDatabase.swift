public import Dataflow
internal import Synchronization

/// A database in memory with transactions: one table and a ledger. It outlives the simulated process, may lose the reply to a COMMIT, and may be away.
///
/// The ledger's rules are the engine's own (`LedgerStateMachine`).
public final class SimulatedDatabase: Sendable {
  /// A row as the sink's writer encoded it.
  public struct Row: Sendable, Equatable {
    /// Its identity when rows are replaced.
    public var key: String
    /// Every column as text, "null" for null.
    public var columns: [String]
  }

  /// What becomes of a row whose key is in the table already.
  public enum Mode: Sendable {
    /// It replaces the old one. The closure says what is wrong with that, or nil.
    case replace(@Sendable (_ old: Row, _ new: Row) -> String?)
    /// It is added: a row that is applied twice stands there twice.
    case append
  }

  private struct State {
    var rows: [String: Row] = [:]
    var appended: [Row] = []
    var ledger: LedgerRow?
    var epochs: [UInt64] = []
    var violations: [String] = []
    var random: SeededRandom
    var lostReplies = 0.0
    var unavailable = 0.0
  }
  private let mode: Mode
  private let state: Mutex<State>

  /// An empty database without a ledger row.
  public init(seed: UInt64, mode: Mode = .replace { _, _ in nil }) {
    self.mode = mode
    state = Mutex(State(random: SeededRandom(seed ^ 0xDB)))
  }

  /// A database with the same rows and the same ledger, that always answers.
  public func copy() -> SimulatedDatabase {
    let copy = SimulatedDatabase(seed: 0, mode: mode)
    let state = state.withLock { $0 }
    copy.state.withLock {
      $0 = state
      $0.lostReplies = 0
      $0.unavailable = 0
    }
    return copy
  }

  /// How often the reply to a COMMIT is lost, and how often the database does not answer.
  public func setFaults(lostReplies: Double, unavailable: Double) {
    state.withLock {
      $0.lostReplies = lostReplies
      $0.unavailable = unavailable
    }
  }

  /// The table of a `replace` database, by key.
  public var rows: [String: Row] { state.withLock { $0.rows } }
  /// The table of an `append` database, oldest first.
  public var appended: [Row] { state.withLock { $0.appended } }
  /// Every epoch that was applied, in that order.
  public var ledgerEpochs: [UInt64] { state.withLock { $0.epochs } }
  /// What the mode's closure found wrong.
  public var violations: [String] { state.withLock { $0.violations } }

  /// A plan for an exactly-once sink into the table; a row's key are its first `keys` fields.
  public func sink(_ schema: Schema, keys: Int, disk: SimulatedDisk) -> PlannedSink {
    PlannedSink(
      delivery: .exactlyOnce { SimulatedCommitter(self, disk) },
      make: { SimulatedWriter(schema.fields, keys: keys) })
  }

  fileprivate func begin(_ disk: SimulatedDisk) throws {
    do { try disk.countOperation() } catch { throw SinkError("the process is dead", retry: .never) }
    let isAway = state.withLock { $0.random.chance($0.unavailable) }
    if isAway { throw SinkError("the database does not answer", retry: .withBackoff) }
  }

  fileprivate func claim(isFresh: Bool, lease: UInt64?) throws -> (LedgerStateMachine, UInt64?) {
    try state.withLock { state in
      switch LedgerStateMachine.claim(row: state.ledger, isFresh: isFresh, lease: lease) {
      case .claim(let row, let lastApplied):
        state.ledger = row
        return (LedgerStateMachine(generation: row.generation), lastApplied)
      case .stateGone(let epoch):
        throw SinkError("the state is gone but epoch \(epoch) is applied", retry: .never)
      case .fenced(let generation): throw SinkError("generation \(generation) has claimed the sink", retry: .never)
      }
    }
  }

  fileprivate func apply(_ epoch: StagedEpoch, _ machine: LedgerStateMachine, _ rows: [Row]) throws -> ApplyReport {
    try state.withLock { state in
      switch machine.decide(row: state.ledger, epoch: epoch.epoch, digest: epoch.digest, begins: epoch.begins) {
      case .apply(let ledger):
        write(rows, &state)
        state.ledger = ledger
        state.epochs.append(epoch.epoch)
        if state.random.chance(state.lostReplies) { throw SinkError("the reply to COMMIT was lost", retry: .withBackoff) }
        return ApplyReport(applied: rows.count)
      case .alreadyApplied: return ApplyReport(applied: 0, wasApplied: true)
      case let refusal: throw SinkError("refused: \(refusal)", retry: .never)
      }
    }
  }

  private func write(_ rows: [Row], _ state: inout State) {
    switch mode {
    case .append: state.appended += rows
    case .replace(let check):
      for row in rows {
        if let old = state.rows[row.key], let violation = check(old, row) { state.violations.append(violation) }
        state.rows[row.key] = row
      }
    }
  }
}

private final class SimulatedCommitter: SinkCommitter {
  private let database: SimulatedDatabase
  private let disk: SimulatedDisk
  private let machine = Mutex<LedgerStateMachine?>(nil)

  init(_ database: SimulatedDatabase, _ disk: SimulatedDisk) {
    self.database = database
    self.disk = disk
  }

  func open(_ context: SinkContext) throws -> UInt64? {
    try database.begin(disk)
    let (claimed, lastApplied) = try database.claim(isFresh: context.isFresh, lease: context.lease)
    machine.withLock { $0 = claimed }
    return lastApplied
  }

  func apply(_ epoch: StagedEpoch) throws -> ApplyReport {
    try database.begin(disk)
    guard let machine = machine.withLock({ $0 }) else { throw SinkError("apply before open", retry: .never) }
    return try database.apply(epoch, machine, try epoch.chunks.flatMap(SimulatedWriter.decode))
  }

  func close() {}
}

private final class SimulatedWriter: SinkWriter {
  private let fields: [Field]
  private let keys: Int
  private var stage: [UInt8] = []
  private var rows = 0

  init(_ fields: [Field], keys: Int) {
    self.fields = fields
    self.keys = keys
  }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    for i in 0..<batch.selectedCount {
      let row = Int(batch.selection[i])
      let texts = fields.map { RowText.of(batch, $0, row) }
      stage.append(integer: UInt32(texts.count))
      stage.append(counted: texts.prefix(keys).joined(separator: "|"))
      for text in texts { stage.append(counted: text) }
      rows += 1
    }
    output.absorb(batch.selectedCount)
  }

  func takeStage() -> (bytes: [UInt8], rows: Int) {
    defer {
      stage = []
      rows = 0
    }
    return (stage, rows)
  }

  static func decode(_ bytes: [UInt8]) throws -> [SimulatedDatabase.Row] {
    try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      var rows: [SimulatedDatabase.Row] = []
      while !reader.isAtEnd {
        let count = Int(try reader.integer(UInt32.self))
        let key = try reader.text()
        rows.append(SimulatedDatabase.Row(key: key, columns: try (0..<count).map { _ in try reader.text() }))
      }
      return rows
    }
  }
}
