public import Dataflow
internal import Synchronization

/// Runs every job of a simulation on the calling thread, choosing the next one by a seeded random number: same seed, same interleaving.
///
/// Time is virtual: every job costs a little of it, by the seed, so that clocks and timers interleave with work; when nothing is ready it
/// jumps to the next sleeper. Tasks must be started with `executorPreference` and may sleep only through the runtime.
///
/// `@unchecked Sendable`: everything is under the lock; jobs run outside of it, one at a time.
public final class SimulatedExecutor: Slot, @unchecked Sendable {
  private struct Sleeper {
    let deadline: Int64
    let order: UInt64
    let continuation: UnsafeContinuation<Void, Never>
  }
  private struct State {
    var ready: [UnownedJob] = []
    var sleepers: [Sleeper] = []
    var time: Int64
    var order: UInt64 = 0
    var random: SeededRandom
    var steps = 0
    var trace = KeyHasher()

    /// Lets a random part of `most` nanoseconds pass.
    mutating func spend(_ most: Int64) {
      if most > 0 { time += Int64(random.next() % UInt64(most + 1)) }
    }

    /// Takes out the sleepers whose time has come.
    mutating func due() -> [UnsafeContinuation<Void, Never>] {
      guard sleepers.contains(where: { $0.deadline <= time }) else { return [] }
      let woken = sleepers.filter { $0.deadline <= time }.sorted { ($0.deadline, $0.order) < ($1.deadline, $1.order) }
      sleepers.removeAll { $0.deadline <= time }
      trace.combine(UInt64(bitPattern: time))
      return woken.map(\.continuation)
    }
  }
  private let state: Mutex<State>
  private let stepCost: Int64

  /// - Parameters:
  ///   - startTime: nanoseconds since 1970.
  ///   - stepCost: the most nanoseconds that one job, or one look at the monotonic clock, takes; 0 = an infinitely fast machine.
  public init(seed: UInt64, startTime: Int64, stepCost: Int64 = 0) {
    state = Mutex(State(time: startTime, random: SeededRandom(seed)))
    self.stepCost = stepCost
  }

  /// Adds a job to those that may run next.
  public func enqueue(_ job: consuming ExecutorJob) {
    let unowned = UnownedJob(job)
    state.withLock { $0.ready.append(unowned) }
  }

  /// Virtual nanoseconds.
  public var time: Int64 { state.withLock { $0.time } }
  /// The time, after a little more of it has passed: work takes time between two looks at the clock.
  public func spend() -> Int64 {
    state.withLock { state in
      state.spend(stepCost)
      return state.time
    }
  }
  /// Lets virtual time pass.
  public func advance(_ nanoseconds: Int64) { state.withLock { $0.time += nanoseconds } }
  /// 64 bits drawn from the seed.
  public func random() -> UInt64 { state.withLock { $0.random.next() } }
  /// Jobs run so far, and a hash over every choice: equal for equal seeds.
  public var trace: (steps: Int, hash: UInt64) { state.withLock { ($0.steps, $0.trace.finish().high) } }

  func sleep(_ nanoseconds: Int64) async {
    await withUnsafeContinuation { continuation in
      state.withLock {
        $0.order += 1
        $0.sleepers.append(Sleeper(deadline: $0.time + max(1, nanoseconds), order: $0.order, continuation: continuation))
      }
    }
  }

  /// Runs the body's task and everything it starts, to the end. Throws what it throws, or `SimulationStuck` when nothing can go on.
  public func run<T: Sendable>(maxSteps: Int = 50_000_000, _ body: @escaping @Sendable () async throws -> T) throws -> T {
    let result = Mutex<Result<T, any Error>?>(nil)
    Task(executorPreference: self) {
      let outcome: Result<T, any Error>
      do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
      result.withLock { $0 = outcome }
    }
    while result.withLock({ $0 == nil }) {
      guard step() else { throw SimulationStuck(time: time) }
      if trace.steps > maxSteps { throw SimulationStuck(time: time) }
    }
    return try result.withLock { $0 }!.get()  // the loop ends when there is a result
  }

  /// Wakes whoever is due, then runs one ready job; jumps to the next sleeper when there is none. False when nothing can ever go on.
  private func step() -> Bool {
    for continuation in state.withLock({ $0.due() }) { continuation.resume() }
    let (job, canGoOn): (UnownedJob?, Bool) = state.withLock { state in
      guard !state.ready.isEmpty else {
        guard let next = state.sleepers.map(\.deadline).min() else { return (nil, false) }
        state.time = max(state.time, next)
        return (nil, true)
      }
      let index = Int(state.random.next() % UInt64(state.ready.count))
      state.steps += 1
      state.trace.combine(UInt64(index) << 32 | UInt64(state.ready.count))
      state.spend(stepCost)
      return (state.ready.remove(at: index), true)
    }
    job?.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    return canGoOn
  }
}

/// No job is ready and nobody sleeps, or there were too many steps: a hang.
public struct SimulationStuck: Error, CustomStringConvertible {
  /// Virtual nanoseconds.
  public let time: Int64
  /// Where virtual time stood still.
  public var description: String { "nothing can go on at virtual time \(time) ns: a lost wake-up or an endless loop" }
}

/// A small seeded generator (splitmix64, Steele, Lea and Flood 2014; public domain).
public struct SeededRandom: RandomNumberGenerator, Sendable {
  private var state: UInt64

  /// A generator or executor that this seed decides.
  public init(_ seed: UInt64) { state = seed }

  /// The next 64 bits.
  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number in the range.
  public mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }
  /// True with this probability.
  public mutating func chance(_ probability: Double) -> Bool { Double(next() >> 11) / 9_007_199_254_740_992 < probability }
}
