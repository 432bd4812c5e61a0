internal import HummingbirdCore
internal import Logging
internal import NIOCore

/// Connections whose requests are read, answered and written on the thread of their event loop. Nobody is woken in between; what takes its time leaves
/// the thread (`Route.isQuick`, `offLoop`).
struct LoopConnections<Base: ServerChildChannel>: ServerChildChannel {
  typealias Value = Base.Value

  let base: Base

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> { base.setup(channel: channel, logger: logger) }

  func handle(value: Value, logger: Logger) async {
    await withTaskExecutorPreference(LoopExecutor(value.channel.eventLoop)) { await base.handle(value: value, logger: logger) }
  }
}

/// Runs tasks on the thread of an event loop.
final class LoopExecutor: TaskExecutor {
  private let loop: any EventLoop

  init(_ loop: any EventLoop) { self.loop = loop }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    // On the loop's own thread too it waits for its turn: tasks must not run inside a channel's handlers.
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}

/// Does something on the threads that are for everything: it may take longer than it takes to wake one of them.
func offLoop<Value>(_ body: () async throws -> Value) async rethrows -> Value {
  try await withTaskExecutorPreference(globalConcurrentExecutor) { try await body() }
}
