import Dataflow
import DataflowTesting
import Testing

@Suite struct ChannelTests {
  /// What a model of a gate expects of it: per channel a queue.
  @Test("a gate delivers every element once and in the order of its channel, and never wakes the wrong one", arguments: 0..<40)
  func gate(seed: Int) {
    var random = SeededRandom(UInt64(seed))
    let (channels, capacity) = (random.int(1...4), random.int(1...5))
    var gate = GateStateMachine<Int>(channels: channels, capacity: capacity)
    var queues = Array(repeating: [Int64](), count: channels)
    var batches = Array(repeating: 0, count: channels)
    var blocked = Set<Int>()
    var waitingSenders = Set<Int>()
    var consumerWaits = false
    var next: Int64 = 0
    let batch = RecordBatch(schema: Schema())
    for _ in 0..<3000 {
      let channel = random.int(0...channels - 1)
      switch random.int(0...5) {
      case 0, 1:
        if waitingSenders.contains(channel) { continue }
        let isBatch = random.chance(0.7)
        next += 1
        // Elements are told apart by a watermark that follows each batch; a batch alone carries no number.
        switch gate.send(channel, isBatch ? .batch(batch) : .watermark(next)) {
        case .stored(let wake):
          #expect(!isBatch || batches[channel] < capacity)
          queues[channel].append(isBatch ? -1 : next)
          if isBatch { batches[channel] += 1 }
          #expect((wake != nil) == (consumerWaits && !blocked.contains(channel)), "seed \(seed)")
          if wake != nil { consumerWaits = false }
        case .full:
          #expect(isBatch && batches[channel] >= capacity)
          if gate.wait(sender: channel, on: channel) { waitingSenders.insert(channel) }
        case .dead: Issue.record("dead")
        }
      case 2, 3, 4:
        if consumerWaits { continue }
        switch gate.receive() {
        case .element(let from, let element, let wake):
          #expect(!blocked.contains(from))
          let expected = queues[from].removeFirst()
          if case .watermark(let mark) = element { #expect(mark == expected) } else { #expect(expected == -1) }
          if expected == -1 { batches[from] -= 1 }
          if let wake {
            let wasWaiting = waitingSenders.remove(from) != nil
            #expect(wake == from && wasWaiting)
          } else if expected == -1, waitingSenders.contains(from) {
            #expect(batches[from] > capacity / 2, "seed \(seed): a sender sleeps although there is room")
          }
        case .empty:
          #expect(queues.indices.allSatisfy { blocked.contains($0) || queues[$0].isEmpty })
          consumerWaits = gate.wait(consumer: -1)
          #expect(consumerWaits)
        case .dead: Issue.record("dead")
        }
      default:
        if consumerWaits { continue }  // only the consumer blocks and unblocks
        if random.chance(0.5) && blocked.count < channels - 1 {
          gate.block(channel)
          blocked.insert(channel)
        } else {
          gate.unblockAll()
          blocked = []
        }
      }
      #expect(gate.depth == batches.reduce(0, +))
    }
    let woken = gate.kill()
    #expect(Set(woken) == waitingSenders.union(consumerWaits ? [-1] : []), "seed \(seed)")
    if case .dead = gate.send(0, .tick) {} else { Issue.record("a dead gate took an element") }
    if case .dead = gate.receive() {} else { Issue.record("a dead gate gave an element") }
    let (consumerWaitsOn, senderWaitsOn) = (gate.wait(consumer: -1), gate.wait(sender: 0, on: 0))
    #expect(!consumerWaitsOn && !senderWaitsOn)
  }

  @Test("a delivered batch is not kept alive by the gate")
  func noRetention() {
    var gate = GateStateMachine<Int>(channels: 1, capacity: 10)
    weak var first: RecordBatch?
    do {
      let batch = RecordBatch(schema: Schema())
      first = batch
      _ = gate.send(0, .batch(batch))
    }
    _ = gate.send(0, .batch(RecordBatch(schema: Schema())))  // the queue is never empty
    _ = gate.receive()
    #expect(first == nil)
  }

  @Test("ticks do not pile up")
  func ticks() {
    var gate = GateStateMachine<Int>(channels: 1, capacity: 1)
    for _ in 0..<100 { _ = gate.send(0, .tick) }
    _ = gate.receive()
    if case .empty = gate.receive() {} else { Issue.record("a second tick") }
    _ = gate.send(0, .tick)
    if case .element = gate.receive() {} else { Issue.record("no tick after the first was taken") }
  }

  @Test("a barrier is complete when it has come on every channel, and only then", arguments: 1...5)
  func alignment(channels: Int) {
    var alignment = BarrierAlignment(channels: channels)
    for checkpoint in UInt64(1)...3 {
      let barrier = Barrier(checkpoint: checkpoint, attempt: 9, kind: .periodic)
      for (n, channel) in (0..<channels).shuffled().enumerated() {
        let action = alignment.arrive(barrier, on: channel)
        #expect(action == (n == channels - 1 ? .complete : .block))
      }
      #expect(alignment.barrier == nil)
    }
  }

  @Test("an exchange brings every row exactly once to the subtask that owns its key", arguments: 1...7)
  func exchange(parallelism: Int) async throws {
    let schema = Schema([("key", .bytes), ("n", .int64), ("x", .double), ("b", .bool)])
    let gates = (0..<parallelism).map { _ in InputGate(channels: 1, capacity: 10_000) }
    let outbox = Outbox()
    let fields = schema.fields
    let exchange = Exchange(
      .hash([fields[0], fields[1]]), schema: schema, reads: nil, targets: gates.map { ($0, 0) }, subtask: 0, outbox: outbox)
    var random = SeededRandom(UInt64(parallelism))
    var sent: [String] = []
    for _ in 0..<30 {
      let rows = (0..<random.int(1...RecordBatch.capacity)).map { i in
        TestRow(
          Int64(i),
          [
            random.chance(0.1) ? .null : .text("k\(random.int(0...50))"), random.chance(0.1) ? .null : .int(Int64(random.int(0...5))),
            .double(Double(i)), random.chance(0.1) ? .null : .bool(i % 2 == 0),
          ])
      }
      let dead = Set((0..<random.int(0...rows.count / 2)).map { _ in random.int(0...rows.count - 1) })
      let batch = TestRow.batch(rows, schema, dead: dead)
      sent += RowText.rows(batch, schema)
      exchange.send(batch)
      if random.chance(0.3) { exchange.broadcast(.watermark(1)) }
    }
    exchange.broadcast(.endOfInput)
    try await outbox.drain()
    var received: [String] = []
    for (subtask, gate) in gates.enumerated() {
      receiving: while true {
        switch try await gate.next().element {
        case .batch(let batch):
          received += RowText.rows(batch, schema)
          for i in 0..<batch.selectedCount {
            let group = batch.keys[Int(batch.selection[i])].group
            #expect(KeyGroup.range(ofSubtask: subtask, parallelism: parallelism).contains(group))
          }
        case .endOfInput: break receiving
        default: break
        }
      }
    }
    #expect(received.sorted() == sent.sorted())
  }
}
