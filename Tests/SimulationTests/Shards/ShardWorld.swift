import Dataflow
import DataflowTesting

/// What outlives every worker: the leases, the checkpoints, the exchange and the table, each as simple as it can be.
final class ShardWorld {
  struct LeaseRow {
    var owner: String?
    var generation: UInt64 = 0
    var expires: Int64 = 0
    var isFinished = false
  }

  struct Row: Hashable {
    var window: Int64
    var key: Int
    var count: Int
  }

  /// A record of the exchange: the frame's head, and the rows behind it.
  struct Sent {
    var frame: ExchangeFrame
    var rows: [ShardRun.Record]
  }

  let bug: ShardBug?
  let readers: [JobShard]
  let partitions: [JobShard]
  /// Per reader what it has to read, in disorder of at most `disorder`.
  let input: [[ShardRun.Record]]
  static let disorder: Int64 = 3
  static let windowSize: Int64 = 10
  static let leaseTime: Int64 = 60

  var now: Int64 = 0
  var random: SeededRandom
  var leases: [JobShard: LeaseRow] = [:]
  var workers: [String: Int64] = [:]
  var manifests: [JobShard: [UInt64: ShardRun.Manifest]] = [:]
  var log: [[Sent]]
  var ledger: [JobShard: LedgerRow] = [:]
  /// Who claimed each sink with the latest lease: nobody else may write into it from then on.
  var holders: [JobShard: ShardRun] = [:]
  var table: [Row] = []
  var violations: [String] = []

  init(seed: UInt64, bug: ShardBug?) {
    self.bug = bug
    var random = SeededRandom(seed)
    let (readers, partitions) = (random.int(1...3), random.int(1...3))
    self.readers = (0..<readers).map { JobShard(job: "j", stage: 0, index: $0, count: readers) }
    self.partitions = (0..<partitions).map { JobShard(job: "j", stage: 1, index: $0, count: partitions) }
    var input: [[ShardRun.Record]] = []
    for _ in 0..<readers {
      var time: Int64 = 0
      let records = random.int(0...60)
      input.append(
        (0..<records).map { _ in
          time += Int64(random.int(0...2))
          return ShardRun.Record(key: random.int(0...5), time: max(0, time - Int64(random.int(0...Int(Self.disorder)))))
        })
    }
    self.input = input
    self.random = random
    log = Array(repeating: [], count: partitions)
    for shard in shards { leases[shard] = LeaseRow() }
  }

  var shards: [JobShard] { readers + partitions }
  var isFinished: Bool { leases.values.allSatisfy(\.isFinished) }

  /// What the table must hold when all is over.
  var expected: [Row] {
    var counts: [[Int64]: Int] = [:]
    for record in input.joined() { counts[[record.time / Self.windowSize, Int64(record.key)], default: 0] += 1 }
    return counts.map { Row(window: $0.key[0], key: Int($0.key[1]), count: $0.value) }
  }

  // MARK: Leases

  /// A worker says that it lives, and what it runs.
  func renew(_ owner: String, _ running: [JobShard: UInt64]) -> (workers: [String], leases: [Lease]) {
    workers[owner] = now + Self.leaseTime
    for (shard, generation) in running where leases[shard]?.owner == owner && leases[shard]?.generation == generation {
      leases[shard]?.expires = now + Self.leaseTime
    }
    return (
      workers.filter { $0.value > now }.keys.sorted(),
      shards.map { shard in
        let row = leases[shard] ?? LeaseRow()
        return Lease(
          shard: shard, owner: row.owner, generation: row.generation, isExpired: row.expires <= now, isFinished: row.isFinished)
      }
    )
  }

  func claim(_ owner: String, _ shard: JobShard) -> UInt64? {
    guard var row = leases[shard], !row.isFinished, row.owner == nil || row.expires <= now else { return nil }
    row.owner = owner
    row.generation += bug == .generationStays && row.generation > 0 ? 0 : 1
    row.expires = now + Self.leaseTime
    leases[shard] = row
    return row.generation
  }

  func release(_ owner: String, _ shard: JobShard, _ generation: UInt64, isFinished: Bool) {
    guard leases[shard]?.owner == owner, leases[shard]?.generation == generation else { return }
    leases[shard]?.owner = nil
    leases[shard]?.isFinished = isFinished
  }

  // MARK: Checkpoints

  /// Create-if-absent. False when there is another one of that number.
  func publish(_ shard: JobShard, _ epoch: UInt64, _ manifest: ShardRun.Manifest) -> Bool {
    if bug != .manifestsAreReplaced, let found = manifests[shard]?[epoch] { return found.digest == manifest.digest }
    manifests[shard, default: [:]][epoch] = manifest
    return true
  }

  func newest(_ shard: JobShard) -> (UInt64, ShardRun.Manifest)? { manifests[shard]?.max { $0.key < $1.key }.map { ($0.key, $0.value) } }

  // MARK: The sink

  /// Claims the sink of a shard. Nil when a later lease has it.
  func open(_ shard: JobShard, lease: UInt64, by run: ShardRun, isFresh: Bool) -> LedgerRow? {
    switch LedgerStateMachine.claim(row: ledger[shard], isFresh: isFresh, lease: bug == .claimsWithoutTheLease ? nil : lease) {
    case .claim(let row, _):
      ledger[shard] = row
      if holders[shard].map({ $0.generation <= run.generation }) ?? true { holders[shard] = run }
      return row
    case .fenced: return nil
    case .stateGone(let epoch):
      violations.append("\(shard) starts fresh over epoch \(epoch)")
      return nil
    }
  }

  /// False when whoever writes is fenced.
  func apply(
    _ shard: JobShard, _ machine: LedgerStateMachine, by run: ShardRun, _ epoch: UInt64, digest: UInt64, _ rows: [Row]
  ) -> Bool {
    var decision = machine.decide(row: ledger[shard], epoch: epoch, digest: digest)
    if bug == .sinkIgnoresGeneration, case .fenced = decision, let row = ledger[shard] {
      decision = LedgerStateMachine(generation: row.generation).decide(row: row, epoch: epoch, digest: digest)
    }
    if bug == .sinkIgnoresEpoch, case .alreadyApplied = decision {
      decision = .apply(row: LedgerRow(generation: machine.generation, epoch: epoch, digest: digest))
    }
    switch decision {
    case .apply(let row):
      if let before = ledger[shard], row.epoch < before.epoch { violations.append("\(shard): epoch \(row.epoch) after \(before.epoch)") }
      if holders[shard] !== run { violations.append("\(shard): generation \(run.generation) writes after its successor has claimed") }
      table += rows
      ledger[shard] = row
      return true
    case .alreadyApplied: return true
    case .fenced, .ledgerLost: return false
    case .gap, .digestMismatch:
      violations.append("\(shard): \(decision)")
      return false
    }
  }
}
