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
  /// How the job is cut now.
  private(set) var layout: ShardLayout
  /// The next cut, while shards are drained for it; and what was asked for meanwhile.
  private(set) var target: ShardLayout?
  private var asked: ShardLayout?
  /// How often the job was cut anew.
  var cuts: Int { layout.version - 1 }
  /// Per split what is to be read, in disorder of at most `disorder`.
  let input: [[ShardRun.Record]]
  static let disorder: Int64 = 3
  /// How many keys there are.
  static let keys = 12
  static let windowSize: Int64 = 10
  static let leaseTime: Int64 = 60

  var now: Int64 = 0
  var random: SeededRandom
  var leases: [JobShard: LeaseRow] = [:]
  var workers: [String: Int64] = [:]
  var manifests: [JobShard: [UInt64: ShardRun.Manifest]] = [:]
  /// By topic, of which each cut has one, and partition.
  private var logs: [Int: [[Sent]]] = [:]
  var ledger: [JobShard: LedgerRow] = [:]
  /// Who claimed each sink with the latest lease: nobody else may write into it from then on.
  var holders: [JobShard: ShardRun] = [:]
  var table: [Row] = []
  var violations: [String] = []

  init(seed: UInt64, bug: ShardBug?) {
    self.bug = bug
    var random = SeededRandom(seed)
    layout = ShardLayout(readers: random.int(1...3), partitions: random.int(1...3))
    var input: [[ShardRun.Record]] = []
    for _ in 0..<random.int(1...4) {
      var time: Int64 = 0
      let records = random.int(0...60)
      input.append(
        (0..<records).map { _ in
          time += Int64(random.int(0...2))
          return ShardRun.Record(key: random.int(0...Self.keys - 1), time: max(0, time - Int64(random.int(0...Int(Self.disorder)))))
        })
    }
    self.input = input
    self.random = random
    for shard in shards { leases[shard] = LeaseRow() }
  }

  var shards: [JobShard] { layout.shards(of: "j", stages: 2) }
  var isFinished: Bool { target == nil && leases.values.allSatisfy(\.isFinished) }

  // MARK: Cuts

  /// Somebody wants other numbers of shards.
  func ask(readers: Int, partitions: Int) {
    let wanted = ShardLayout(version: layout.version + 1, readers: readers, partitions: partitions)
    if target == nil || bug == .targetChanges { target = wanted } else { asked = wanted }
  }

  /// Whether the state may be divided anew.
  var isDrained: Bool {
    guard target != nil else { return false }
    return leases.allSatisfy { shard, row in row.isFinished || (bug == .cutsTooEarly && shard.stage == 1) }
  }

  /// The shards of the next cut take the place of those of this one.
  func replace(_ version: Int, by next: ShardLayout) {
    guard layout.version == version, target == next, isDrained else { return }
    layout = next
    let generation = leases.values.map(\.generation).max() ?? 0
    leases = [:]
    for shard in shards { leases[shard] = LeaseRow(generation: generation) }
    (target, asked) = (asked.map { ShardLayout(version: next.version + 1, readers: $0.readers, partitions: $0.partitions) }, nil)
  }

  /// The topic of a cut.
  func log(_ version: Int) -> [[Sent]] { logs[bug == .topicsStay ? 1 : version] ?? [] }

  func append(_ sent: Sent, to partition: Int, _ version: Int) {
    let topic = bug == .topicsStay ? 1 : version
    while logs[topic, default: []].count <= partition { logs[topic, default: []].append([]) }
    logs[topic]?[partition].append(sent)
  }

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
