public import Dataflow

/// A whole job on one seeded executor: virtual time, seeded interleaving, a disk that crashes.
public final class SimulatedRuntime: Runtime {
  /// What runs everything, one job at a time.
  public let executor: SimulatedExecutor
  /// Where checkpoints are.
  public let disk: SimulatedDisk
  /// One: everything runs on the executor.
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
  /// The one executor, whatever the purpose.
  public func background(_ purpose: String) -> any Slot { executor }
  /// Virtual nanoseconds since 1970.
  public func now() -> Int64 { executor.time }
  /// Virtual nanoseconds; asking takes a little of them.
  public func monotonic() -> Int64 { executor.spend() }
  /// 64 bits that follow from the seed.
  public func random() -> UInt64 { executor.random() }
  /// Virtual time passes.
  public func block(nanoseconds: Int64) { executor.advance(nanoseconds) }

  /// Suspends until virtual time has come that far.
  public func sleep(nanoseconds: Int64) async throws {
    try Task.checkCancellation()
    if disk.isCrashed { throw CancellationError() }
    await executor.sleep(nanoseconds)
    try Task.checkCancellation()
    if disk.isCrashed { throw CancellationError() }
  }
}
