import Dataflow
import Synchronization

/// A clock that tests turn, and nothing else.
final class TestRuntime: Runtime {
  private let time = Mutex<Int64>(0)
  let storage: any FileSystem

  init(storage: any FileSystem = MemoryFiles()) { self.storage = storage }

  func advance(by nanoseconds: Int64) { time.withLock { $0 += nanoseconds } }

  func now() -> Int64 { monotonic() }
  func monotonic() -> Int64 { time.withLock { $0 } }
  func sleep(nanoseconds: Int64) async throws { advance(by: nanoseconds) }
  func random() -> UInt64 { 4 }
  var slots: [any Slot] { [] }
  func background(_ purpose: String) -> any Slot { preconditionFailure("connectors run on the caller's thread") }
  func block(nanoseconds: Int64) { advance(by: nanoseconds) }
  var files: any FileSystem { storage }
}
