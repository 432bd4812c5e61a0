import Dataflow
import Testing

@Suite("acknowledgements of a barrier")
struct AcknowledgementTests {
  private func barrier(_ checkpoint: UInt64, attempt: UInt64) -> Barrier {
    Barrier(checkpoint: checkpoint, attempt: attempt, kind: .periodic)
  }

  @Test("a checkpoint is complete when every subtask has passed its barrier, not before")
  func complete() {
    var acks = Acknowledgements<Int>(subtasks: 3)
    acks.begin(barrier(7, attempt: 1))
    for subtask in 0..<3 {
      #expect(!acks.isComplete)
      acks.add(subtask, of: barrier(7, attempt: 1))
    }
    #expect(acks.isComplete)
    #expect(acks.take() == [0, 1, 2])
  }

  @Test("what an earlier attempt acknowledges of a checkpoint whose id is used again does not count")
  func oldAttempt() {
    var acks = Acknowledgements<Int>(subtasks: 2)
    acks.begin(barrier(7, attempt: 2))
    acks.add(0, of: barrier(7, attempt: 1))
    acks.add(1, of: barrier(7, attempt: 1))
    #expect(!acks.isComplete)
    acks.add(0, of: barrier(7, attempt: 2))
    acks.add(1, of: barrier(7, attempt: 2))
    #expect(acks.isComplete)
  }

  @Test("acknowledgements of another checkpoint, or when none is in flight, do not count")
  func otherCheckpoint() {
    var acks = Acknowledgements<Int>(subtasks: 1)
    acks.add(0, of: barrier(6, attempt: 1))
    #expect(!acks.isComplete)
    acks.begin(barrier(7, attempt: 1))
    acks.add(0, of: barrier(6, attempt: 1))
    #expect(!acks.isComplete)
    acks.add(0, of: barrier(7, attempt: 1))
    #expect(acks.take() == [0])
    acks.add(0, of: barrier(7, attempt: 1))
    #expect(!acks.isComplete)
  }
}
