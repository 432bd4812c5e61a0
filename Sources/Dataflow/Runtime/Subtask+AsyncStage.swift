internal import Synchronization

/// Results of an async stage on their way back to the subtask's loop.
private final class CompletionBox: Sendable {
  private struct State {
    var completed: [(id: UInt64, result: Result<StageResult, StageError>)] = []
    var waiter: UnsafeContinuation<Void, Never>?
  }
  private let state = Mutex(State())

  func put(_ id: UInt64, _ result: Result<StageResult, StageError>) {
    let waiter = state.withLock { state in
      state.completed.append((id, result))
      defer { state.waiter = nil }
      return state.waiter
    }
    waiter?.resume()
  }

  func take() -> [(id: UInt64, result: Result<StageResult, StageError>)] {
    state.withLock { state in
      defer { state.completed = [] }
      return state.completed
    }
  }

  /// Suspends until there is something to take.
  nonisolated(nonsending) func wait() async {
    await withUnsafeContinuation { continuation in
      let isReady = state.withLock { state in
        if !state.completed.isEmpty { return true }
        state.waiter = continuation
        return false
      }
      if isReady { continuation.resume() }
    }
  }
}

/// A batch that a stage works on, and the rows that were alive when it came: the stage may drop some.
private struct Input {
  let batch: RecordBatch
  let rows: [UInt16]

  init(_ batch: RecordBatch) {
    self.batch = batch
    rows = Array(UnsafeBufferPointer(start: batch.selection, count: batch.selectedCount))
  }
}

extension Subtask {
  /// The loop of a vertex that begins with an async stage: starts calls, bounded, and lets results and watermarks out in a safe order.
  ///
  /// A barrier waits until nothing is under way, so that calls need not be part of a checkpoint.
  func runAsyncStage(_ stagePlan: AsyncStagePlan, _ chain: Chain) async throws {
    guard let gate = plan.gate else { preconditionFailure("an async stage has a gate") }
    guard let stage = (chain.nodes[0].operation as? StageOperator)?.stage else {
      preconditionFailure("the vertex of a stage begins with it")
    }
    try restoreOperators(chain)
    let box = CompletionBox()
    let runtime = plan.runtime
    let channels = plan.channelNodes.count
    var queue = AsyncStageQueue<(Input, Result<StageResult, StageError>)>(isOrdered: stagePlan.isOrdered)
    var inputs: [UInt64: Input] = [:]
    var valve = WatermarkValve(channels: channels)
    var alignment = BarrierAlignment(channels: channels)
    var ended = 0

    /// Takes finished calls in and passes on what may leave.
    func settle() async throws {
      for (id, result) in box.take() { if let input = inputs.removeValue(forKey: id) { queue.complete(id, (input, result)) } }
      for departure in queue.departures() {
        switch departure {
        case .value((let input, .success(let result))): try passOn(result, of: input, chain)
        case .value((let input, .failure(let error))): try fail(input, error, chain)
        case .watermark(let watermark): try onWatermark(watermark, chain)
        }
      }
      try await chain.outbox.drain()
    }
    func settleAll() async throws {
      try await settle()
      while !queue.isEmpty {
        await box.wait()
        try await settle()
      }
    }

    try await withThrowingTaskGroup(of: Void.self) { group in
      while true {
        let (channel, element) = try await gate.next()
        switch element {
        case .batch(let batch):
          while queue.underWay >= stagePlan.inFlight {
            await box.wait()
            try await settle()
          }
          let id = queue.begin()
          inputs[id] = Input(batch)
          group.addTask(executorPreference: slot) {
            box.put(id, try await stagePlan.run(stage, batch, runtime))
            gate.post(channel, .tick)  // wakes the loop, so that the result leaves although nothing else arrives
          }
        case .watermark(let mark): if let risen = valve.advance(channel, to: mark) { queue.watermark(risen) }
        case .idle(let idle):
          if let risen = valve.setIdle(channel, idle) { queue.watermark(risen) }
          chain.broadcast(.idle(valve.isIdle))
        case .tick: try chain.onTick(runtime.now())
        case .endOfInput:
          ended += 1
          if ended == channels {
            try await settleAll()
            try chain.onEndOfInput()
          }
        case .barrier(let barrier):
          switch alignment.arrive(barrier, on: channel) {
          case .block: gate.block(channel)
          case .complete:
            gate.unblockAll()
            try await settleAll()
            try await pass(barrier, chain, positions: nil)
            if barrier.kind == .final { return }
          }
        }
        try await settle()
      }
    }
  }

  /// The stage has done what it could: its records go on, those that it refused the way of `onError`.
  private func passOn(_ result: StageResult, of input: Input, _ chain: Chain) throws {
    let output = chain.nodes[0].output
    output.counters.received += input.rows.count
    for refusal in result.refusals { try output.fail(result.batch, row: refusal.row, reason: refusal.reason, detail: refusal.detail) }
    try output.flushErrors()
    try output.emit(result.batch)
  }

  /// Every attempt failed: the records go the way of `onError`.
  private func fail(_ input: Input, _ error: StageError, _ chain: Chain) throws {
    let output = chain.nodes[0].output
    output.counters.received += input.rows.count
    for row in input.rows { try output.fail(input.batch, row: Int(row), reason: "call-failed", detail: error.message) }
    try output.flushErrors()
  }
}
