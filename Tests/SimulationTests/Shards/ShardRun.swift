import Dataflow
import DataflowTesting

/// One worker's run of one shard, cut into the steps between which it may be killed, or sleep until others have taken over.
final class ShardRun {
  struct Record: Hashable {
    var key: Int
    var time: Int64
  }

  /// All that a shard knows between two records.
  struct State {
    // Of a reader of the input, by split.
    var positions: [Int: Int] = [:]
    var watermarks: [Int: Int64] = [:]
    var isEnded = false
    var incarnation: UInt64 = 0
    var sequences: [UInt64] = []
    // Of a reader of the exchange.
    var offset = 0
    var order = ExchangeOrder(senders: 0)
    var counts: [Record: Int] = [:]
    var fired = Int64.min
  }

  struct Manifest {
    var state: State
    /// The shard's last: the next cut goes on from it.
    var isDrained = false
    var frames: [(partition: Int, sent: ShardWorld.Sent)]
    var rows: [ShardWorld.Row]
    var digest: UInt64
  }

  enum Step {
    case load
    case sendAgain(epochs: [UInt64])
    case run
    case publish(Manifest)
    /// What is left of a checkpoint's frames.
    case send(epoch: UInt64, from: Int, isLast: Bool)
    case done
  }

  enum Ending {
    case finished
    /// Somebody else has the shard: this run ends without a word.
    case fenced
  }

  let world: ShardWorld
  let shard: JobShard
  let generation: UInt64
  private(set) var ending: Ending?
  /// Stop with a checkpoint, so that another worker can go on.
  var isToStop = false
  /// End with the last checkpoint of this cut.
  var isToDrain = false
  private(set) var isStopped = false
  private var step = Step.load
  private var state = State()
  private var epoch: UInt64 = 0
  private var pending: [Record] = []
  private var rows: [ShardWorld.Row] = []
  private var machine: LedgerStateMachine?

  init(_ world: ShardWorld, _ shard: JobShard, generation: UInt64) {
    self.world = world
    self.shard = shard
    self.generation = generation
    layout = world.layout
  }

  /// Does one thing.
  func advance() {
    guard ending == nil, !isStopped else { return }
    switch step {
    case .load: load()
    case .sendAgain(let epochs): sendAgain(epochs)
    case .run: run()
    case .publish(let manifest): publish(manifest)
    case .send(let epoch, let from, let isLast): send(epoch, from, isLast)
    case .done: if isToStop, !isAtEnd, !hasLast { isStopped = true } else { ending = .finished }
    }
  }

  private var isReader: Bool { shard.stage == 0 }
  private var layout: ShardLayout
  private var isAtEnd: Bool { isReader ? state.isEnded : state.order.isEnded }
  /// The checkpoint to come, or that was loaded, is the last.
  private var isDrained: Bool {
    if isReader { return isToDrain && !isAtEnd }
    if world.bug == .drainsAfterTheFirst, !isAtEnd { return state.order.senders.contains(where: \.isDrained) }
    return state.order.isDrained
  }
  /// The newest checkpoint is the last of this cut.
  private var hasLast = false
  private var ownSplits: [Int] { world.input.indices.filter { $0 % shard.count == shard.index } }

  // MARK: Start

  private func load() {
    let found = world.newest(shard)
    if !isReader {
      guard let row = world.open(shard, lease: generation, by: self, isFresh: found == nil) else { return ending = .fenced }
      machine = LedgerStateMachine(generation: row.generation)
    }
    if let (number, manifest) = found {
      (state, epoch) = (manifest.state, number)
      hasLast = manifest.isDrained && world.bug != .goesOnAfterTheLast
      if world.bug == .sequencesAreForgotten { state.sequences = state.sequences.map { _ in 0 } }
      if world.bug == .orderIsForgotten { state.order = ExchangeOrder(senders: layout.readers) }
      if world.bug == .offsetIsForgotten { state.offset = received.count }
      let known = (world.manifests[shard] ?? [:]).keys.sorted().suffix(3)
      step = .sendAgain(epochs: world.bug == .doesNotSendAgain ? [] : Array(known))
    } else {
      state = Self.begin(world, layout)
      step = .run
    }
  }

  /// What a shard of a cut begins with, besides what it gets from the cut before.
  private static func begin(_ world: ShardWorld, _ layout: ShardLayout) -> State {
    var state = State()
    state.incarnation = world.random.next()
    state.sequences = Array(repeating: 0, count: layout.partitions)
    state.order = ExchangeOrder(senders: layout.readers)
    return state
  }

  /// The first checkpoint of a shard of the next cut: its own part of the last ones.
  static func first(_ world: ShardWorld, _ shard: JobShard, _ next: ShardLayout) -> Manifest {
    var state = begin(world, next)
    let old = world.layout.shards(of: "j", stages: 2).filter { $0.stage == shard.stage }
    let own = KeyGroup.range(ofSubtask: shard.index, parallelism: shard.count)
    for (index, former) in old.enumerated() {
      guard let last = world.newest(former)?.1.state else { continue }
      state.positions.merge(last.positions) { max($0, $1) }
      state.watermarks.merge(last.watermarks) { max($0, $1) }
      guard shard.stage == 1, KeyGroup.range(ofSubtask: index, parallelism: old.count).overlaps(own) else { continue }
      state.fired = max(state.fired, last.fired)
      let isKept = world.bug == .keepsForeignKeys ? { (_: Record) in true } : { own.contains(group(of: $0.key)) }
      state.counts.merge(last.counts.filter { isKept($0.key) }, uniquingKeysWith: +)
      if world.bug == .takesOneFormerShard { break }
    }
    return Manifest(state: state, frames: [], rows: [], digest: world.random.next())
  }

  private static func group(of key: Int) -> Int { key * KeyGroup.count / ShardWorld.keys }

  /// What came to this shard.
  private var received: [ShardWorld.Sent] {
    let log = world.log(layout.version)
    return log.indices.contains(shard.index) ? log[shard.index] : []
  }

  private func sendAgain(_ epochs: [UInt64]) {
    guard let next = epochs.first else { return step = hasLast ? .done : .run }
    guard let manifest = world.manifests[shard]?[next] else { return step = .sendAgain(epochs: Array(epochs.dropFirst())) }
    if isReader {
      for frame in manifest.frames { world.append(frame.sent, to: frame.partition, layout.version) }
    } else if let machine, !apply(machine, next, manifest) {
      return ending = .fenced
    }
    step = .sendAgain(epochs: Array(epochs.dropFirst()))
  }

  // MARK: Records

  private func run() {
    if world.random.chance(0.3) || isToStop || isAtEnd || isDrained { return cut() }
    if isReader { read() } else { receive() }
  }

  private func read() {
    for split in ownSplits {
      let input = world.input[split]
      for _ in 0..<world.random.int(1...5) where state.positions[split, default: 0] < input.count {
        let record = input[state.positions[split, default: 0]]
        state.positions[split, default: 0] += 1
        state.watermarks[split] = max(state.watermarks[split, default: .min], record.time - ShardWorld.disorder - 1)
        pending.append(record)
      }
    }
    state.isEnded = unfinished.isEmpty
  }

  private var unfinished: [Int] { ownSplits.filter { state.positions[$0, default: 0] < world.input[$0].count } }

  /// Splits that are at their end hold nobody back.
  private var watermark: Int64 {
    let open = unfinished
    return open.map { state.watermarks[$0, default: .min] }.min() ?? ownSplits.compactMap { state.watermarks[$0] }.max() ?? .min
  }

  private func receive() {
    let log = received
    for _ in 0..<world.random.int(1...4) where state.offset < log.count {
      let sent = log[state.offset]
      state.offset += 1
      var decision = ExchangeOrder.Decision.duplicate
      do { decision = try state.order.decide(sent.frame) } catch { world.violations.append("\(shard): \(error)") }
      if world.bug == .takesDuplicates, decision == .duplicate { decision = .take }
      if world.bug == .takesAfterGaps, case .gap = decision { decision = .take }
      guard decision == .take else { continue }
      for record in sent.rows {
        let window = record.time / ShardWorld.windowSize
        if (window + 1) * ShardWorld.windowSize <= state.fired { world.violations.append("\(shard): a row of window \(window) is late") }
        state.counts[Record(key: record.key, time: window), default: 0] += 1
      }
      fire()
    }
  }

  /// Windows that are over give their rows.
  private func fire() {
    var senders = state.order.senders.filter { !$0.isEnded }
    if world.bug == .silentSendersDoNotCount { senders = senders.filter { $0.watermark != .min } }
    let low = senders.map(\.watermark).min() ?? (state.order.isEnded ? .max : .min)
    guard low > state.fired else { return }
    state.fired = low
    for (window, count) in state.counts where low == .max || (window.time + 1) * ShardWorld.windowSize <= low {
      rows.append(ShardWorld.Row(window: window.time, key: window.key, count: count))
      state.counts[window] = nil
    }
  }

  // MARK: Checkpoints

  private func cut() {
    var manifest = Manifest(state: state, isDrained: isDrained, frames: [], rows: rows, digest: world.random.next())
    if isReader {
      manifest.frames = frames()
      manifest.state = state
    }
    (pending, rows) = ([], [])
    step = .publish(manifest)
    if world.bug == .appliesBeforeDurable, let machine { _ = apply(machine, epoch + 1, manifest) }
  }

  /// What a reader of the input has for every partition: rows, and behind them a mark.
  private func frames() -> [(Int, ShardWorld.Sent)] {
    var frames: [(Int, ShardWorld.Sent)] = []
    for partition in 0..<layout.partitions {
      var rows = pending.filter { KeyGroup.subtask(ofGroup: Self.group(of: $0.key), parallelism: layout.partitions) == partition }
      var kept: [Record] = []
      if world.bug == .marksOvertakeRows, rows.count > 1 { kept = [rows.removeLast()] }
      while !rows.isEmpty {
        let count = world.random.int(1...rows.count)
        frames.append((partition, sent(.rows, partition, Array(rows.prefix(count)))))
        rows.removeFirst(count)
      }
      frames.append((partition, sent(isDrained ? .last : .mark, partition, [])))
      if !kept.isEmpty { frames.append((partition, sent(.rows, partition, kept))) }
    }
    return frames
  }

  private func sent(_ kind: ExchangeFrame.Kind, _ partition: Int, _ rows: [Record]) -> ShardWorld.Sent {
    state.sequences[partition] += 1
    var frame = ExchangeFrame(
      kind: kind, shard: UInt32(shard.index), incarnation: state.incarnation, sequence: state.sequences[partition])
    (frame.watermark, frame.isEnded) = (kind == .rows ? .min : watermark, kind != .rows && state.isEnded)
    return ShardWorld.Sent(frame: frame, rows: rows)
  }

  private func publish(_ manifest: Manifest) {
    guard world.publish(shard, epoch + 1, manifest) else { return ending = .fenced }
    epoch += 1
    hasLast = manifest.isDrained
    let isLast = isAtEnd || isToStop || hasLast
    if world.bug == .finishesTooEarly, isAtEnd || hasLast { return step = .done }
    step = .send(epoch: epoch, from: 0, isLast: isLast)
  }

  private func send(_ epoch: UInt64, _ from: Int, _ isLast: Bool) {
    guard let manifest = world.manifests[shard]?[epoch] else { return }
    if isReader {
      // A producer may lose one and get the next one through; then it begins again.
      let count = manifest.frames.count
      let end = world.random.chance(0.5) ? count : world.random.int(from...count)
      var isWhole = true
      for frame in manifest.frames[from..<end] {
        if world.random.chance(0.05) { isWhole = false } else { world.append(frame.sent, to: frame.partition, layout.version) }
      }
      if !isWhole || end < count { return step = .send(epoch: epoch, from: isWhole ? end : 0, isLast: isLast) }
    } else if let machine {
      guard apply(machine, epoch, manifest) else { return ending = .fenced }
      // The reply was lost: it asks again.
      if world.random.chance(0.1) { return }
    }
    step = isLast ? .done : .run
  }

  private func apply(_ machine: LedgerStateMachine, _ epoch: UInt64, _ manifest: Manifest) -> Bool {
    // What was applied long ago is not in the ledger any more, but its number is.
    world.apply(shard, machine, by: self, epoch, digest: manifest.digest, manifest.rows)
  }
}
