public import Dataflow

/// A whole job on one seeded executor: virtual time, seeded interleaving, a disk that crashes.
public final class SimulatedRuntime: Runtime {
  /// The one executor that everything runs on.
  public let executor: SimulatedExecutor
  /// The disk, which outlives the runtime.
  public let disk: SimulatedDisk
  /// One slot: the executor.
  public let slots: [any Slot]

  /// - Parameters:
  ///   - seed: decides every interleaving and every random number.
  ///   - disk: survives the runtime, as a disk survives a process.
  ///   - stepCost: the most virtual nanoseconds that a job of the executor takes.
  public init(seed: UInt64, disk: SimulatedDisk, startTime: Int64 = 1_767_225_600_000_000_000, stepCost: Int64 = 20_000) {
    executor = SimulatedExecutor(seed: seed, startTime: startTime, stepCost: stepCost)
    self.disk = disk
    slots = [executor]
  }

  /// The simulated disk.
  public var files: any FileSystem { disk }
  /// The same executor for every purpose.
  public func background(_ purpose: String) -> any Slot { executor }
  /// Virtual nanoseconds since 1970.
  public func now() -> Int64 { executor.time }
  /// The same virtual time.
  public func monotonic() -> Int64 { executor.spend() }
  /// 64 bits drawn from the seed.
  public func random() -> UInt64 { executor.random() }
  /// Lets virtual time pass.
  public func block(nanoseconds: Int64) { executor.advance(nanoseconds) }

  /// Suspends until virtual time has passed. Throws `CancellationError`, also when the process is dead.
  public func sleep(nanoseconds: Int64) async throws {
    try Task.checkCancellation()
    if disk.isCrashed { throw CancellationError() }
    await executor.sleep(nanoseconds)
    try Task.checkCancellation()
    if disk.isCrashed { throw CancellationError() }
  }
}
