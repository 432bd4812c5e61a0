internal import Glibc
internal import Synchronization

/// A thread with a queue of jobs: the executor of the subtasks that are pinned to it.
///
/// The thread lives as long as the process: slots are made once per runtime, and a runtime once per process.
final class ThreadSlot: Slot {
  private let queue: JobQueue

  init() {
    queue = JobQueue()
    let start = Unmanaged.passRetained(ThreadStart(slot: self))
    var thread = pthread_t()
    let result = pthread_create(
      &thread, nil,
      { pointer in
        guard let pointer else { return nil }
        let start = Unmanaged<ThreadStart>.fromOpaque(pointer).takeRetainedValue()
        start.slot.runForever()
        return nil
      }, start.toOpaque())
    precondition(result == 0, "could not start a thread: error \(result)")
    pthread_detach(thread)
  }

  func enqueue(_ job: consuming ExecutorJob) { queue.push(UnownedJob(job)) }

  private func runForever() {
    while true {
      let job = queue.pop()
      job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
    }
  }

  private final class ThreadStart {
    let slot: ThreadSlot
    init(slot: ThreadSlot) { self.slot = slot }
  }
}

/// A queue that blocks its one reader while it is empty.
///
/// `@unchecked Sendable`: everything is touched under the pthread mutex only, but for the signal, which may come from anywhere.
private final class JobQueue: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var jobs: [UnownedJob] = []
  private var head = 0
  private var isWaiting = false

  init() {
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(condition, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(condition)
    mutex.deallocate()
    condition.deallocate()
  }

  func push(_ job: UnownedJob) {
    pthread_mutex_lock(mutex)
    jobs.append(job)
    let isAwaited = isWaiting
    pthread_mutex_unlock(mutex)
    // Not under the lock, which is the first thing that the woken thread wants.
    if isAwaited { pthread_cond_signal(condition) }
  }

  func pop() -> UnownedJob {
    pthread_mutex_lock(mutex)
    while head == jobs.count {
      isWaiting = true
      pthread_cond_wait(condition, mutex)
    }
    isWaiting = false
    let job = jobs[head]
    head += 1
    if head == jobs.count {
      jobs.removeAll(keepingCapacity: true)
      head = 0
    } else if head == 1024 {  // two subtasks that always have work never let the queue run empty
      jobs.removeFirst(head)
      head = 0
    }
    pthread_mutex_unlock(mutex)
    return job
  }
}
