/// How records cross from one vertex to the next.
public enum Partitioning: Sendable, Hashable {
  /// Subtask i to subtask i.
  case forward
  /// By key group of the hash of these fields.
  case hash([Field])
  /// In turn.
  case rebalance
  /// To every subtask.
  case broadcast
}

/// The sending end of one edge of one subtask: sorts rows into a batch per receiver and queues what is full.
///
/// `flush` must be called before every watermark and barrier, or they would overtake records that wait here.
package final class Exchange {
  private let partitioning: Partitioning
  private let schema: Schema
  /// The fields that travel.
  private let fields: [Field]
  private let targets: [(gate: InputGate, channel: Int)]
  private let subtask: Int
  private var builders: [RecordBatch?]
  private var turn: Int
  /// Per receiver the rows of a batch that go there: 1,024 places each.
  private let rows: UnsafeMutablePointer<UInt16>
  private let counts: UnsafeMutablePointer<Int>
  private let outbox: Outbox

  package init(
    _ partitioning: Partitioning, schema: Schema, reads: [Field]?, targets: [(gate: InputGate, channel: Int)], subtask: Int, outbox: Outbox
  ) {
    self.partitioning = partitioning
    self.schema = schema
    fields = reads ?? schema.fields
    self.targets = targets
    self.subtask = subtask
    self.outbox = outbox
    builders = Array(repeating: nil, count: targets.count)
    rows = .allocate(capacity: targets.count * RecordBatch.capacity)
    counts = .allocate(capacity: targets.count)
    counts.initialize(repeating: 0, count: targets.count)
    turn = subtask
  }

  deinit {
    rows.deallocate()
    counts.deallocate()
  }

  /// Takes over the batch.
  package func send(_ batch: RecordBatch) {
    switch partitioning {
    case .forward: enqueue(batch, to: 0)
    case .rebalance:
      enqueue(batch, to: turn % targets.count)
      turn += 1
    case .broadcast:
      for target in targets.indices.dropLast() { enqueue(batch.copy(schema), to: target) }
      enqueue(batch, to: targets.count - 1)
    case .hash(let keys):
      Self.hashKeys(of: batch, keys)
      if targets.count == 1 { enqueue(batch, to: 0) } else { scatter(batch) }
    }
  }

  private func enqueue(_ batch: RecordBatch, to target: Int) {
    outbox.add(targets[target], .batch(batch))
  }

  /// Fills `batch.keys` for the alive rows.
  package static func hashKeys(of batch: RecordBatch, _ fields: [Field]) {
    let (keys, selection) = (batch.keys, UnsafeBufferPointer(start: batch.selection, count: batch.selectedCount))
    if let field = fields.first, fields.count == 1, field.type == .bytes {
      let values = batch.bytes(field)
      for row in selection {
        var hasher = KeyHasher()
        hasher.combine(values[Int(row)])
        keys[Int(row)] = hasher.finish()
      }
      return
    }
    var hashers = [KeyHasher](repeating: KeyHasher(), count: batch.selectedCount)
    hashers.withUnsafeMutableBufferPointer { hashers in
      for field in fields {
        if field.type == .bytes {
          let values = batch.bytes(field)
          for i in hashers.indices { hashers[i].combine(values[Int(selection[i])]) }
        } else {
          let nulls = batch.nulls(field)
          for i in hashers.indices {
            let row = Int(selection[i])
            if nulls[row] != 0 { hashers[i].combine(nil, 0) } else { hashers[i].combine(batch.bits(field, row)) }
          }
        }
      }
      for i in hashers.indices { keys[Int(selection[i])] = hashers[i].finish() }
    }
  }

  private func scatter(_ batch: RecordBatch) {
    let (parallelism, rows, counts) = (targets.count, rows, counts)
    let (keys, selection) = (batch.keys, UnsafeBufferPointer(start: batch.selection, count: batch.selectedCount))
    counts.update(repeating: 0, count: parallelism)
    for row in selection {
      let target = KeyGroup.subtask(ofGroup: keys[Int(row)].group, parallelism: parallelism)
      rows[target * RecordBatch.capacity + counts[target]] = row
      counts[target] += 1
    }
    for target in 0..<parallelism where counts[target] > 0 {
      append(UnsafeBufferPointer(start: rows + target * RecordBatch.capacity, count: counts[target]), of: batch, to: target)
    }
  }

  private func append(_ selected: UnsafeBufferPointer<UInt16>, of batch: RecordBatch, to target: Int) {
    var start = 0
    while start < selected.count {
      let builder = builders[target] ?? RecordBatch(fields: fields, width: schema.width)
      builders[target] = builder
      let room = min(selected.count - start, RecordBatch.capacity - builder.count)
      builder.append(UnsafeBufferPointer(rebasing: selected[start..<(start + room)]), of: batch, fields: fields)
      start += room
      if builder.isFull {
        enqueue(builder, to: target)
        builders[target] = nil
      }
    }
  }

  /// Queues the partly filled batches.
  package func flush() {
    for target in builders.indices {
      guard let builder = builders[target] else { continue }
      enqueue(builder, to: target)
      builders[target] = nil
    }
  }

  /// Queues a control element for every receiver, behind all records.
  package func broadcast(_ element: Element) {
    flush()
    for target in targets { outbox.add(target, element) }
  }
}

/// What a subtask has to send, in order. Filled synchronously while operators run, drained by the subtask's loop.
package final class Outbox {
  private var pending: [(target: (gate: InputGate, channel: Int), element: Element)] = []

  package init() {}

  package func add(_ target: (gate: InputGate, channel: Int), _ element: Element) {
    pending.append((target, element))
  }

  package var isEmpty: Bool { pending.isEmpty }

  /// Sends everything; suspends where a channel is full: this is where back-pressure reaches the sender.
  package nonisolated(nonsending) func drain() async throws {
    guard !pending.isEmpty else { return }
    for (target, element) in takeAll() { try await target.gate.send(target.channel, element) }
  }

  /// Takes everything out.
  func takeAll() -> [(target: (gate: InputGate, channel: Int), element: Element)] {
    defer { pending.removeAll(keepingCapacity: true) }
    return pending
  }
}
