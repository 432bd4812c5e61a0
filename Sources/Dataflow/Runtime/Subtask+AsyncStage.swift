internal import Synchronization

/// Calls of an async stage that are over, on their way back to the subtask's loop.
private final class CompletionBox: Sendable {
  /// What a call came to: what is left to do, error records, or the end of the attempt.
  enum Outcome {
    case answered(Result<StageFinish, StageError>)
    case broken(any Error)
  }
  private let completed = Mutex<[(id: UInt64, outcome: Outcome)]>([])
  private let bell = Bell()

  func put(_ id: UInt64, _ outcome: Outcome) {
    completed.withLock { $0.append((id, outcome)) }
    bell.ring()
  }

  func take() -> [(id: UInt64, outcome: Outcome)] {
    completed.withLock { completed in
      defer { completed = [] }
      return completed
    }
  }

  /// Suspends until something was put in since the last wait. Throws `CancellationError`.
  nonisolated(nonsending) func wait() async throws { try await bell.wait() }
}

extension Subtask {
  /// The loop of a vertex that begins with an async stage: starts calls, bounded, and lets results and watermarks out in a safe order.
  ///
  /// A barrier waits for no call: rows that were taken in and have not left become part of the checkpoint. So that barriers come through while calls
  /// take long, batches are taken in beyond those that are worked on, up to a number of rows.
  func runAsyncStage(_ stagePlan: AsyncStagePlan, _ chain: Chain) async throws {
    guard let gate = plan.gate else { preconditionFailure("an async stage has a gate") }
    guard let operation = chain.nodes[0].operation as? StageOperator else { preconditionFailure("the vertex of a stage begins with it") }
    operation.schema = plan.inputSchema
    try restoreOperators(chain)
    let stage = operation.stage
    let box = CompletionBox()
    let runtime = plan.runtime
    let channels = plan.channelNodes.count
    var queue = AsyncStageQueue<(UInt64, Result<StageFinish, StageError>)>(isOrdered: stagePlan.isOrdered)
    /// What was taken in and has not left.
    var inputs: [UInt64: RecordBatch] = [:]
    var rows = 0
    var (unstarted, running) = ([UInt64](), 0)
    var valve = WatermarkValve(channels: channels)
    var alignment = BarrierAlignment(channels: channels)
    var ended = 0
    var isEndPassedOn = false

    /// Takes finished calls in and passes on what may leave.
    func settle() async throws {
      for (id, outcome) in box.take() {
        running -= 1
        switch outcome {
        case .answered(let result): queue.complete(id, (id, result))
        case .broken(let error): throw error
        }
      }
      for departure in queue.departures() {
        switch departure {
        case .value((let id, let result)):
          guard let batch = inputs.removeValue(forKey: id) else { preconditionFailure("batch \(id) left twice") }
          rows -= batch.selectedCount
          try passOn(result, of: batch, chain)
        case .watermark(let watermark): try onWatermark(watermark, chain)
        }
      }
      try await send(chain)
    }

    /// Says that the input is at its end, once nothing is under way.
    func passEndOn() throws {
      guard ended == channels, queue.isEmpty, !isEndPassedOn else { return }
      isEndPassedOn = true
      try chain.onEndOfInput()
      plan.stage?.setAtEnd()
    }

    try await withThrowingTaskGroup(of: Void.self) { group in
      func startCalls() {
        while running < stagePlan.inFlight, !unstarted.isEmpty {
          let id = unstarted.removeFirst()
          guard let batch = inputs[id] else { preconditionFailure("batch \(id) left before it was worked on") }
          running += 1
          group.addTask(executorPreference: slot) {
            do { box.put(id, .answered(try await stagePlan.run(stage, batch, runtime))) } catch { box.put(id, .broken(error)) }
            gate.post(0, .tick)  // wakes the loop, so that the result leaves although nothing else arrives
          }
        }
      }
      func takeIn(_ batch: RecordBatch) {
        let id = queue.begin()
        inputs[id] = batch
        rows += batch.selectedCount
        unstarted.append(id)
        startCalls()
      }
      func takeIn(_ watermark: Int64) {
        // A restored one may be above what this run's sources have said so far.
        guard watermark > operation.watermark else { return }
        operation.watermark = watermark
        queue.watermark(watermark)
      }
      func settleUntil(_ isEnough: () -> Bool) async throws {
        while !isEnough() {
          try await box.wait()
          try await settle()
          startCalls()
        }
      }

      let restored = operation.takeRestored()
      for batch in restored.batches { takeIn(batch) }
      if let watermark = restored.watermark { takeIn(watermark) }
      while true {
        try await settleUntil { rows < stagePlan.maxRows }
        let (channel, element) = try await gate.next()
        switch element {
        case .batch(let batch): takeIn(batch)
        case .watermark(let mark): if let risen = valve.advance(channel, to: mark) { takeIn(risen) }
        case .idle(let idle):
          if let risen = valve.setIdle(channel, idle) { takeIn(risen) }
          chain.broadcast(.idle(valve.isIdle))
        case .tick: try chain.onTick(runtime.now())
        case .endOfInput: ended += 1
        case .barrier(let barrier):
          switch alignment.arrive(barrier, on: channel) {
          case .block: gate.block(channel)
          case .complete:
            gate.unblockAll()
            try await settle()
            try passEndOn()
            operation.underWay = inputs.keys.sorted().compactMap { inputs[$0] }
            try await pass(barrier, chain, positions: nil)
            if barrier.kind.isLast {
              group.cancelAll()
              return
            }
          }
        }
        try await settle()
        startCalls()
        try passEndOn()
      }
    }
  }

  /// The call is over: its records go on; those that the stage refused, or all of them when every attempt failed, go the way of `onError`.
  private func passOn(_ result: Result<StageFinish, StageError>, of input: RecordBatch, _ chain: Chain) throws {
    let output = chain.nodes[0].output
    output.received(input.selectedCount)
    switch result {
    case .success(let finish):
      let result = try finish()
      for refusal in result.refusals { try output.fail(result.batch, row: refusal.row, reason: refusal.reason, detail: refusal.detail) }
      try output.flushErrors()
      if result.duplicates > 0 { output.duplicate(result.duplicates) }
      try output.emit(result.batch)
    case .failure(let error):
      for index in 0..<input.selectedCount {
        try output.fail(input, row: Int(input.selection[index]), reason: "call-failed", detail: error.message)
      }
      try output.flushErrors()
    }
  }
}
