internal import Synchronization

/// Windows into a running job: whoever opens one sees batches as a step hands them on. Closed, an edge costs one load a batch.
public final class EdgeTaps: Sendable {
  /// Is given a batch on the thread of the subtask, with the rows that are selected and the fields that are seen. It must be quick, and keep nothing
  /// of the batch: the next step edits it in place.
  public typealias Look = @Sendable (_ batch: RecordBatch, _ schema: Schema) -> Void

  /// One edge of all subtasks.
  final class Edge: Sendable {
    private let isOpen = Atomic<Bool>(false)
    private let looks = Mutex<[Int: Look]>([:])

    func offer(_ batch: RecordBatch, _ schema: Schema) {
      // A batch more or less at the moment of opening or closing is nobody's loss.
      guard isOpen.load(ordering: .relaxed) else { return }
      for look in looks.withLock({ Array($0.values) }) { look(batch, schema) }
    }

    func set(_ id: Int, _ look: Look?) {
      looks.withLock { looks in
        looks[id] = look
        isOpen.store(!looks.isEmpty, ordering: .relaxed)
      }
    }
  }

  private let edges = Mutex<[String: Edge]>([:])
  private let last = Atomic<Int>(0)

  /// No edge is open.
  public init() {}

  /// Opens an edge, as inputs are written: `step`, `step.errors` or `step.late`. It stays open over restarts of the job.
  ///
  /// - Returns: what `close` asks for.
  public func open(_ name: String, _ look: @escaping Look) -> Int {
    let id = last.add(1, ordering: .relaxed).newValue
    edge(name).set(id, look)
    return id
  }

  /// Closes what `open` opened. A batch that is being looked at is looked at to its end.
  public func close(_ name: String, _ id: Int) { edge(name).set(id, nil) }

  func edge(_ name: String) -> Edge {
    edges.withLock { edges in
      let edge = edges[name] ?? Edge()
      edges[name] = edge
      return edge
    }
  }
}
