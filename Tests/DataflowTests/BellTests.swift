import Dataflow
import Synchronization
import Testing

@Suite("a bell")
struct BellTests {
  private final class Shared: Sendable {
    let bell = Bell()
    let work = Atomic(0)
    let isBack = Atomic(false)
  }

  @Test("a ring that nobody waited for is remembered once")
  func remembered() async throws {
    let shared = Shared()
    shared.bell.ring()
    shared.bell.ring()
    try await shared.bell.wait()
    let second = Task {
      try await shared.bell.wait()
      shared.isBack.store(true, ordering: .releasing)
    }
    for _ in 0..<100 { await Task.yield() }
    let wasBack = shared.isBack.load(ordering: .acquiring)
    #expect(!wasBack)
    shared.bell.ring()
    try await second.value
  }

  @Test("rings and waits from many threads lose no wake-up")
  func races() async throws {
    let shared = Shared()
    let worker = Task {
      var done = 0
      while done < 20_000 {
        done += shared.work.exchange(0, ordering: .acquiringAndReleasing)
        if done < 20_000 { try await shared.bell.wait() }
      }
      return done
    }
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<4 {
        group.addTask {
          for _ in 0..<5_000 {
            shared.work.add(1, ordering: .acquiringAndReleasing)
            shared.bell.ring()
          }
        }
      }
    }
    #expect(try await worker.value == 20_000)
  }

  @Test("whoever is cancelled waits no longer")
  func cancelled() async {
    let bell = Bell()
    let waiting = Task { try await bell.wait() }
    for _ in 0..<100 { await Task.yield() }
    waiting.cancel()
    await #expect(throws: CancellationError.self) { try await waiting.value }
  }
}
