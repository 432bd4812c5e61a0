internal import Synchronization

/// How the coordinator speaks to a source subtask: the barrier to send next, and whether to pause. Safe from anywhere.
final class SourceControl: Sendable {
  private struct State {
    var barrier: Barrier?
    var isPaused = false
    var isDrained = false
    var isCut = false
    var hasTick = false
    var isDead = false
  }
  private let state = Mutex(State())
  /// Rings when the source has something else to do than to read.
  let news = Bell()
  /// Rings when the source has nothing more to read.
  private let ended: Bell

  init(ended: Bell) { self.ended = ended }

  /// The source sends this barrier at the next batch border. One checkpoint is in flight, so at most one waits.
  func request(_ barrier: Barrier) {
    state.withLock {
      precondition($0.barrier == nil, "barrier \(barrier.checkpoint) requested while \($0.barrier?.checkpoint ?? 0) waits")
      $0.barrier = barrier
    }
    news.ring()
  }

  func takeBarrier() -> Barrier? {
    state.withLock { state in
      defer { state.barrier = nil }
      return state.barrier
    }
  }

  func tick() {
    state.withLock { $0.hasTick = true }
    news.ring()
  }
  func takeTick() -> Bool {
    state.withLock { state in
      defer { state.hasTick = false }
      return state.hasTick
    }
  }

  /// A paused source reads nothing but still answers barriers.
  var isPaused: Bool { state.withLock { $0.isPaused } }
  func setPaused(_ paused: Bool) {
    let hasChanged = state.withLock { state in
      defer { state.isPaused = paused }
      return state.isPaused != paused
    }
    if hasChanged { news.ring() }
  }

  /// The bounded input is at its end.
  var isDrained: Bool { state.withLock { $0.isDrained } }
  func setDrained() {
    state.withLock { $0.isDrained = true }
    ended.ring()
  }

  /// What comes behind here belongs to another cut of the job.
  var isCut: Bool { state.withLock { $0.isCut } }
  func setCut() {
    state.withLock { $0.isCut = true }
    ended.ring()
  }

  /// The attempt is over.
  var isDead: Bool { state.withLock { $0.isDead } }
  func kill() {
    state.withLock { $0.isDead = true }
    news.ring()
  }
}

/// What the coordinator knows of an async stage's subtask. Safe from anywhere.
final class StageControl: Sendable {
  private let isOver = Atomic(false)
  /// Rings when it is at its end.
  private let ended: Bell

  init(ended: Bell) { self.ended = ended }

  /// The input is at its end, and every row has left.
  var isAtEnd: Bool { isOver.load(ordering: .acquiring) }
  func setAtEnd() {
    isOver.store(true, ordering: .releasing)
    ended.ring()
  }
}

/// Keeps the subtasks of one source in step in event time, so that a fast one does not fill the windows of hours that a slow one has yet to reach.
final class SourceAlignment: Sendable {
  private let maxDrift: Int64
  private let watermarks: Mutex<[Int64?]>

  init(subtasks: Int, maxDrift: Int64) {
    self.maxDrift = maxDrift
    watermarks = Mutex(Array(repeating: .min, count: subtasks))
  }

  /// Publishes the subtask's watermark (nil = idle or drained: it holds nobody back).
  func publish(_ subtask: Int, _ watermark: Int64?) {
    watermarks.withLock { $0[subtask] = watermark }
  }

  /// Whether this subtask is so far ahead of the slowest that it should wait.
  func isAhead(_ subtask: Int) -> Bool {
    watermarks.withLock { marks in
      guard let own = marks[subtask], own != .min else { return false }
      var slowest = Int64.max
      for i in marks.indices where i != subtask { if let mark = marks[i] { slowest = min(slowest, mark) } }
      guard slowest != .max else { return false }
      return slowest == .min || own - slowest > maxDrift
    }
  }
}
