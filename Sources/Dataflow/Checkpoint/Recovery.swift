/// Finds the checkpoint to start from, and refuses where starting would give wrong results.
struct Recovery {
  let store: any CheckpointStore
  let graph: JobGraph

  /// A checkpoint whose every byte has been checked, decoded.
  struct Loaded {
    let manifest: Manifest
    /// Per operator id and former subtask: section name to parts.
    let state: [String: [[String: [[UInt8]]]]]
  }

  /// Loads the newest whole checkpoint. A damaged newer one may be passed over only if no sink has applied it.
  ///
  /// - Parameter applied: the newest epoch that any sink has, or nil.
  /// - Throws: `RecoveryRefused` with the cure.
  func load(applied: () async throws -> UInt64?, quarantine: Bool, observer: JobObserver) async throws -> Loaded? {
    var damage: [(UInt64, any Error)] = []
    for epoch in try store.epochs().reversed() {
      do {
        let manifest = try store.manifest(epoch)
        try check(manifest)
        let loaded = Loaded(manifest: manifest, state: try read(manifest))
        store.reportHealed(to: observer)
        if let (damagedEpoch, error) = damage.last {
          if let applied = try await applied(), applied > epoch {
            throw RecoveryRefused(
              "checkpoint \(damagedEpoch) is damaged (\(error)), and a sink has applied epoch \(applied), which checkpoint \(epoch) knows nothing of",
              hint:
                "restore the damaged file from a copy (checkpoint.secondCopy keeps one), or take the sink's rows back to epoch \(epoch) and set its ledger to that"
            )
          }
          for (bad, error) in damage {
            observer.warning("checkpoint \(bad) is damaged (\(error)); no sink has applied it, going on from checkpoint \(epoch)")
            if quarantine { try store.quarantine(bad) }
          }
        }
        return loaded
      } catch let error as CheckpointDamage {
        damage.append((epoch, error))
      }
    }
    if let (epoch, error) = damage.first {
      throw RecoveryRefused(
        "no checkpoint can be read: the newest, \(epoch), is damaged (\(error))",
        hint: "restore the folder from a copy; starting afresh would count again what the sinks already have")
    }
    return nil
  }

  /// Throws `RecoveryRefused` when the state is another job's, was keyed otherwise, or would have nobody to read it.
  func check(_ manifest: Manifest) throws {
    guard manifest.job == graph.name else {
      throw RecoveryRefused(
        "the checkpoints belong to job \"\(manifest.job)\", not to \"\(graph.name)\"", hint: "give the job a folder of its own")
    }
    guard manifest.hashID == KeyGroup.hashID else {
      throw RecoveryRefused(
        "the state was keyed with hash \(manifest.hashID); this program uses \(KeyGroup.hashID)",
        hint: "finish the job with the program that wrote the state, or start it afresh under a new name")
    }
    if let unread = unread(manifest).first {
      throw RecoveryRefused(
        "the checkpoint holds state of \"\(unread)\", which is not in the job any more",
        hint: "give the operator its old id back, or start the job afresh under a new name")
    }
  }

  /// Ids of operators that have state in a checkpoint and are not in the job.
  func unread(_ manifest: Manifest) -> [String] {
    let known = Set(
      PhysicalPlan(graph).vertices.flatMap { vertex in vertex.nodes.map(\.id) + (vertex.source.map { ["\($0.id)@reader"] } ?? []) })
    return manifest.operators.filter { !known.contains($0.id) && $0.subtasks.contains { !$0.isEmpty } }.map(\.id)
  }

  private func read(_ manifest: Manifest) throws -> [String: [[String: [[UInt8]]]]] {
    var reader = try FrameReader(store: store)
    var result: [String: [[String: [[UInt8]]]]] = [:]
    for state in manifest.operators {
      var subtasks: [[String: [[UInt8]]]] = []
      for sections in state.subtasks {
        var decoded: [String: [[UInt8]]] = [:]
        for section in sections {
          var parts: [[UInt8]] = []
          for part in section.parts { parts.append(try reader.read(part)) }
          decoded[section.name] = parts
        }
        subtasks.append(decoded)
      }
      result[state.id] = subtasks
    }
    // Staged rows count as part of the checkpoint: find damage now, not when they are applied.
    for stage in manifest.stages { for part in stage.chunks { _ = try reader.read(part) } }
    return result
  }
}

/// Starting the job would give wrong results, or nothing to start from can be read.
public struct RecoveryRefused: Error, CustomStringConvertible {
  /// Why the job does not start.
  public let message: String
  /// What a person can do about it.
  public let hint: String

  /// A refusal.
  public init(_ message: String, hint: String) {
    self.message = message
    self.hint = hint
  }

  /// The message, and the hint on a line of its own.
  public var description: String { "\(message)\n  hint: \(hint)" }
}
