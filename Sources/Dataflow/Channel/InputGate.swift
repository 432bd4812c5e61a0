internal import Synchronization

/// Thrown to whoever sends to or receives from a gate that was killed because the attempt failed.
package struct GateKilled: Error {}

/// The input of one subtask: a bounded channel from each of its producers. A full channel suspends its producer, which is all there is to back-pressure.
package final class InputGate: Sendable {
  private struct Waiter: @unchecked Sendable {  // a continuation, resumed once by whoever takes it out of the state
    let continuation: UnsafeContinuation<Void, Never>
  }
  private let state: Mutex<GateStateMachine<Waiter>>

  package init(channels: Int, capacity: Int) {
    state = Mutex(GateStateMachine(channels: channels, capacity: capacity))
  }

  /// Batches waiting.
  package var depth: Int { state.withLock { $0.depth } }

  /// Stores the element; suspends while the channel is full. Throws `GateKilled`.
  package nonisolated(nonsending) func send(_ channel: Int, _ element: Element) async throws {
    while true {
      switch state.withLock({ $0.send(channel, element) }) {
      case .stored(let wake):
        wake?.continuation.resume()
        return
      case .dead: throw GateKilled()
      case .full:
        await withUnsafeContinuation { continuation in
          if !state.withLock({ $0.wait(sender: Waiter(continuation: continuation), on: channel) }) { continuation.resume() }
        }
      }
    }
  }

  /// Stores a control element (never a batch), which always fits. Nothing happens when the gate is dead.
  package func post(_ channel: Int, _ element: Element) {
    if case .stored(let wake) = state.withLock({ $0.send(channel, element) }) { wake?.continuation.resume() }
  }

  /// The next element and its channel; suspends while there is none. Throws `GateKilled`.
  package nonisolated(nonsending) func next() async throws -> (channel: Int, element: Element) {
    while true {
      switch state.withLock({ $0.receive() }) {
      case .element(let channel, let element, let wake):
        wake?.continuation.resume()
        return (channel, element)
      case .dead: throw GateKilled()
      case .empty:
        await withUnsafeContinuation { continuation in
          if !state.withLock({ $0.wait(consumer: Waiter(continuation: continuation)) }) { continuation.resume() }
        }
      }
    }
  }

  package func block(_ channel: Int) { state.withLock { $0.block(channel) } }
  package func unblockAll() { state.withLock { $0.unblockAll() } }

  /// Wakes everyone with `GateKilled`, now and later.
  package func kill() {
    for waiter in state.withLock({ $0.kill() }) { waiter.continuation.resume() }
  }
}
