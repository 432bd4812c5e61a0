/// Encodes captured state into frames and publishes the manifest. Blocking work, on its own thread.
actor SnapshotPacker {
  private let slot: any Slot
  nonisolated var unownedExecutor: UnownedSerialExecutor { slot.asUnownedSerialExecutor() }
  private let runtime: any Runtime
  private let store: any CheckpointStore
  private let job: String
  /// The manifests that are still kept, so that collecting garbage need not read them again at every checkpoint.
  private var kept: [UInt64: Manifest] = [:]

  init(_ runtime: any Runtime, store: any CheckpointStore, job: String) {
    self.runtime = runtime
    self.store = store
    self.job = job
    slot = runtime.background("checkpoint")
  }

  struct Result: Sendable {
    let manifest: Manifest
    /// Bytes that this checkpoint wrote; less than the manifest's when it is incremental.
    let writtenBytes: Int
  }

  /// Increments pile up until they outweigh the full part, or there are this many; then the section is written whole again.
  private static let maxParts = 16

  /// Packs, publishes, cleans up. When it returns the checkpoint is durable.
  func pack(
    _ acks: [Subtask.Acknowledgement], _ barrier: Barrier, previous: Manifest?, graph: JobGraph, baseCounters: [String: OperatorCounters],
    applied: UInt64?, observer: JobObserver
  ) throws -> Result {
    var writer = try FrameWriter(store: store, prefix: Manifest.dataName(barrier.checkpoint, run: runtime.random() >> 24)) { write in
      try self.retryWhilePassing(write, graph.checkpoint.timeout, observer)
    }
    var operators: [String: Manifest.OperatorState] = [:]
    var order: [String] = []
    var stages: [String: Manifest.Stage] = [:]
    var counters = baseCounters
    var lazies: [any LazySection] = []
    for ack in acks {
      for snapshot in ack.operators {
        if operators[snapshot.id] == nil { order.append(snapshot.id) }
        var state = operators[snapshot.id] ?? Manifest.OperatorState(id: snapshot.id, subtasks: [])
        let before = previous?.operators.first { $0.id == snapshot.id }?.subtasks
        let earlier = before.flatMap { ack.subtask < $0.count ? $0[ack.subtask] : nil } ?? []
        var sections: [Manifest.Section] = []
        for (name, content) in snapshot.sections {
          switch content {
          case .bytes(let bytes):
            try bytes.withUnsafeBytes { try writer.write($0) }
            sections.append(Manifest.Section(name: name, parts: [try writer.finishPart()]))
          case .lazy(let section):
            lazies.append(section)
            sections.append(
              Manifest.Section(name: name, parts: try encode(section, after: earlier.first { $0.name == name }?.parts ?? [], &writer)))
          }
        }
        state.subtasks.append(sections)
        operators[snapshot.id] = state
        counters[snapshot.id] = (counters[snapshot.id] ?? OperatorCounters()) + snapshot.counters
        if let bytes = snapshot.stage {
          try bytes.withUnsafeBytes { try writer.write($0) }
          var stage = stages[snapshot.id] ?? Manifest.Stage(sink: snapshot.id, rows: 0, digest: 0, chunks: [])
          stage.rows += snapshot.stagedRows
          stage.digest = (stage.digest &* 0x9E37_79B9_7F4A_7C15) ^ bytes.withUnsafeBytes(checksum)
          stage.chunks.append(try writer.finishPart())
          stages[snapshot.id] = stage
        }
      }
      if let positions = ack.positions, let source = ack.operators.first {
        let id = "\(source.id.prefix { $0 != "#" })@reader"
        if operators[id] == nil { order.append(id) }
        var state = operators[id] ?? Manifest.OperatorState(id: id, subtasks: [])
        try SplitPosition.encode(positions).withUnsafeBytes { try writer.write($0) }
        state.subtasks.append([Manifest.Section(name: "positions", parts: [try writer.finishPart()])])
        operators[id] = state
      }
    }
    try writer.flush()
    var manifest = Manifest(
      job: job, epoch: barrier.checkpoint, createdAt: runtime.now(), parallelism: graph.parallelism, hashID: KeyGroup.hashID,
      isFinal: barrier.kind.isLast, operators: order.compactMap { operators[$0] }, stages: stages.values.sorted { $0.sink < $1.sink },
      counters: counters.map { Manifest.Counted(id: $0.key, counters: $0.value) }.sorted { $0.id < $1.id })
    manifest.isDrained = barrier.kind == .drain
    let published = manifest
    observer.phase(.publishing, barrier.checkpoint)
    try retryWhilePassing({ try self.store.publish(published) }, graph.checkpoint.timeout, observer)
    for section in lazies { section.completed() }
    observer.phase(.staged, barrier.checkpoint)
    do { try collectGarbage(manifest, retain: graph.checkpoint.retain, applied: applied) } catch let error as any ReplicaFailure
      where error.kind == .passing
    {
      // The checkpoint is complete; what is left over is removed with the next one.
      observer.warning("old checkpoints could not be removed: \(error.description)")
    }
    return Result(manifest: manifest, writtenBytes: writer.writtenBytes)
  }

  private func encode(_ section: any LazySection, after earlier: [Manifest.Part], _ writer: inout FrameWriter) throws -> [Manifest.Part] {
    let increments = earlier.dropFirst().reduce(0) { $0 + $1.rawBytes }
    let full = section.isFull || earlier.isEmpty || earlier.count >= Self.maxParts || increments > (earlier.first?.rawBytes ?? 0)
    try section.encode(full: full) { try writer.write($0) }
    let part = try writer.finishPart()
    if full { return [part] }
    return part.rawBytes == 0 ? earlier : earlier + [part]
  }

  /// Writes again while the disk is full or a place does not answer, with growing pauses, until the checkpoint's time is over. The coordinator
  /// holds the sources back meanwhile.
  private func retryWhilePassing(_ write: () throws -> Void, _ timeout: Int64, _ observer: JobObserver) throws {
    let deadline = runtime.monotonic() + timeout
    var pause: Int64 = 50_000_000
    while true {
      do { return try write() } catch let error as any ReplicaFailure where error.kind == .passing && runtime.monotonic() + pause < deadline
      {
        observer.warning("the checkpoint waits: \(error.description)")
        runtime.block(nanoseconds: pause)
        pause = min(pause * 2, 5_000_000_000)
      }
    }
  }

  /// Keeps the newest checkpoints and every one whose rows a sink has not applied yet.
  private func collectGarbage(_ newest: Manifest, retain: Int, applied: UInt64?) throws {
    let epochs = try store.epochs()
    let recent = Set(epochs.suffix(max(1, retain)))
    var keep = [newest]
    for epoch in epochs where epoch != newest.epoch {
      if recent.contains(epoch) || applied.map({ epoch > $0 }) ?? false {
        // Without this manifest nobody knows which files it needs: leave everything to a person.
        guard let manifest = try? kept[epoch] ?? store.manifest(epoch) else { return }
        keep.append(manifest)
      }
    }
    kept = Dictionary(keep.map { ($0.epoch, $0) }) { first, _ in first }
    try store.collectGarbage(keep: keep)
  }
}
