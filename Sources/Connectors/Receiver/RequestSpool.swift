package import Dataflow
internal import Dispatch
internal import Synchronization

/// Makes accepted requests durable before they are acknowledged: a topic on this machine's disk, appended to in groups.
///
/// Requests that come while the disk is being waited for are written together by the next append, so that many small ones share one wait.
package final class RequestSpool: Sendable {
  /// Bytes that may wait for the disk; more is refused as busy.
  private static let pendingLimit = 64 << 20

  private typealias Waiting = (stage: [UInt8], done: CheckedContinuation<Void, any Error>)

  private struct State {
    var pending: [Waiting] = []
    var pendingBytes = 0
    var isWriting = false
    /// Bytes of the topic on disk, as of the last append or trim.
    var storedBytes: Int64 = 0
    var accepted = 0
    var refused = 0
  }

  private let topic: LocalTopic
  package let runtime: any Runtime
  private let limit: Int64
  /// Appends block; they have a thread of their own.
  private let queue = DispatchQueue(label: "sloscout.request-spool")
  private let state = Mutex(State())

  /// - Parameter limit: bytes on disk from which on requests are refused.
  package init(_ topic: LocalTopic, limit: Int64, _ runtime: any Runtime) throws {
    self.topic = topic
    self.limit = limit
    self.runtime = runtime
    try topic.create(runtime)
    let stored = try topic.storedBytes()
    state.withLock { $0.storedBytes = stored }
    OpenSpools.add(self)
  }

  /// How full it is, and what it did.
  package var level: SpoolLevel {
    state.withLock {
      SpoolLevel(
        name: topic.name, bytes: $0.storedBytes + Int64($0.pendingBytes), limit: limit, accepted: $0.accepted, refused: $0.refused)
    }
  }

  /// Returns when the request is on the disk. Throws `PushRejection` when there is no room or the disk fails: it was not accepted then.
  package func append(_ request: [UInt8]) async throws {
    var stage = TopicStage.signature
    stage.reserveCapacity(request.count + 64)
    request.withUnsafeBufferPointer {
      TopicRecord.append(timestamp: runtime.now(), key: .null, value: ByteView(base: $0.baseAddress, count: $0.count), to: &stage)
    }
    let bytes = stage
    try await withCheckedThrowingContinuation { continuation in
      enum Next { case refuse(String), write, wait }
      let next: Next = state.withLock { state in
        if state.storedBytes + Int64(state.pendingBytes) >= limit {
          return .refuse("\(state.storedBytes) bytes wait to be processed, as many as may")
        }
        if state.pendingBytes + bytes.count > Self.pendingLimit, state.pendingBytes > 0 {
          return .refuse("the disk is slower than the senders")
        }
        state.pending.append((bytes, continuation))
        state.pendingBytes += bytes.count
        defer { state.isWriting = true }
        return state.isWriting ? .wait : .write
      }
      switch next {
      case .refuse(let why):
        state.withLock { $0.refused += 1 }
        continuation.resume(throwing: PushRejection(.busy, "\(why): try again later"))
      case .write: queue.async { self.write() }
      case .wait: break
      }
    }
  }

  /// Writes what is waiting until nothing is.
  private func write() {
    let appender = LocalTopicAppender(topic: topic, runtime: runtime)
    while let group = takeGroup() {
      let result = Result { _ = try appender.append(group.map(\.stage)) }
      let bytes = group.reduce(0) { $0 + $1.stage.count }
      state.withLock { state in
        state.pendingBytes -= bytes
        if case .success = result {
          state.storedBytes += Int64(bytes)
          state.accepted += group.count
        } else {
          state.refused += group.count
        }
      }
      for (_, done) in group {
        switch result {
        case .success: done.resume()
        case .failure(let error): done.resume(throwing: PushRejection(.unavailable, "the request could not be stored: \(error)"))
        }
      }
    }
  }

  /// The requests that wait; nil, and writing is over, when there are none.
  private func takeGroup() -> [Waiting]? {
    state.withLock { state in
      guard !state.pending.isEmpty else {
        state.isWriting = false
        return nil
      }
      defer { state.pending = [] }
      return state.pending
    }
  }

  /// Gives back the room of what no restart will read again: whole segments of records before these offsets, one a partition.
  ///
  /// Returns at once; calls `done` when it is done.
  package func trim(below offsets: [Int64], done: @escaping @Sendable () -> Void = {}) {
    queue.async {
      defer { done() }
      // What cannot be removed now is removed the next time.
      try? self.topic.trim(below: offsets, self.runtime)
      if let stored = try? self.topic.storedBytes() { self.state.withLock { $0.storedBytes = stored } }
    }
  }
}
