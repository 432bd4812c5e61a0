/// Counts the subtasks that have passed the barrier in flight. Pure: says when all have.
package struct Acknowledgements<Acknowledgement> {
  private let subtasks: Int
  private var aligning: Barrier?
  private var received: [Acknowledgement] = []

  package init(subtasks: Int) { self.subtasks = subtasks }

  /// Whether every subtask has passed the barrier.
  package var isComplete: Bool { received.count == subtasks }

  /// The barrier is about to be sent.
  package mutating func begin(_ barrier: Barrier) {
    received.removeAll()
    aligning = barrier
  }

  /// A subtask passed a barrier. One of another attempt or checkpoint is not counted: after a crash ids are used again, and a checkpoint made
  /// of the snapshots of two attempts would be corrupt.
  package mutating func add(_ acknowledgement: Acknowledgement, of barrier: Barrier) {
    if barrier == aligning { received.append(acknowledgement) }
  }

  /// Ends the count and answers with what came.
  package mutating func take() -> [Acknowledgement] {
    defer { received.removeAll() }
    aligning = nil
    return received
  }
}
