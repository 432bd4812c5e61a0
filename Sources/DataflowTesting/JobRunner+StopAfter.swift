public import Dataflow

extension JobRunner {
  /// Runs the job to its end, or asks it to stop after so many nanoseconds of the runtime; nil lets it run. Throws what the job throws.
  public func run(stopAfter nanoseconds: Int64?, on runtime: any Runtime) async throws -> Result {
    try await withThrowingTaskGroup(of: Result?.self) { group in
      group.addTask { try await self.run() }
      if let nanoseconds {
        group.addTask {
          try? await runtime.sleep(nanoseconds: nanoseconds)
          await self.stop()
          return nil
        }
      }
      while let ended = try await group.next() {
        if let ended {
          group.cancelAll()
          return ended
        }
      }
      throw CancellationError()
    }
  }
}
