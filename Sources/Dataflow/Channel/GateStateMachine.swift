/// The bookkeeping of an input gate: bounded queues, which channels a barrier has blocked, who waits. Pure; `InputGate` adds the lock and the continuations.
package struct GateStateMachine<Waiter> {
  private struct Channel {
    var queue: [Element] = []
    var head = 0
    var batches = 0
    var isBlocked = false
    var sender: Waiter?

    var isEmpty: Bool { head == queue.count }

    mutating func pop() -> Element {
      // Leave nothing behind in the slot: it would keep the batch, and the input it points into, alive until the queue is empty.
      var element = Element.tick
      swap(&element, &queue[head])
      head += 1
      if head == queue.count {
        queue.removeAll(keepingCapacity: true)
        head = 0
      } else if head == 64 {
        queue.removeFirst(head)
        head = 0
      }
      return element
    }
  }

  private var channels: [Channel]
  private var next = 0
  private var consumer: Waiter?
  private let capacity: Int
  private var hasTick = false
  /// Sticky: everyone who comes later is told at once.
  package private(set) var isDead = false

  package init(channels: Int, capacity: Int) {
    self.channels = Array(repeating: Channel(), count: channels)
    self.capacity = capacity
  }

  /// Batches waiting, over all channels.
  package var depth: Int { channels.reduce(0) { $0 + $1.batches } }

  package enum SendAction {
    /// Stored; wake this consumer, if any.
    case stored(wake: Waiter?)
    /// The channel is full: wait.
    case full
    case dead
  }

  /// Only batches count against the bound: control elements always fit.
  package mutating func send(_ channel: Int, _ element: Element) -> SendAction {
    if isDead { return .dead }
    switch element {
    case .batch:
      if channels[channel].batches >= capacity { return .full }
      channels[channel].batches += 1
    case .tick:
      if hasTick { return .stored(wake: nil) }  // one waiting tick says all that two would
      hasTick = true
    default: break
    }
    channels[channel].queue.append(element)
    if channels[channel].isBlocked { return .stored(wake: nil) }
    defer { consumer = nil }
    return .stored(wake: consumer)
  }

  /// The sender of a full channel waits. False when there is room by now (or the gate is dead): do not wait.
  package mutating func wait(sender: Waiter, on channel: Int) -> Bool {
    if isDead || channels[channel].batches < capacity { return false }
    precondition(channels[channel].sender == nil, "two senders on one channel")
    channels[channel].sender = sender
    return true
  }

  package enum ReceiveAction {
    /// An element; wake this sender, if any.
    case element(Int, Element, wake: Waiter?)
    case empty
    case dead
  }

  /// The next element of a channel that is not blocked, channels in turn.
  package mutating func receive() -> ReceiveAction {
    if isDead { return .dead }
    for step in 0..<channels.count {
      let channel = (next + step) % channels.count
      if channels[channel].isBlocked || channels[channel].isEmpty { continue }
      next = (channel + 1) % channels.count
      let element = channels[channel].pop()
      var wake: Waiter?
      if case .tick = element { hasTick = false }
      if case .batch = element {
        channels[channel].batches -= 1
        // Edge-triggered: a sender is woken when its channel has drained to half, not at every batch.
        if channels[channel].batches <= capacity / 2 {
          wake = channels[channel].sender
          channels[channel].sender = nil
        }
      }
      return .element(channel, element, wake: wake)
    }
    return .empty
  }

  /// The consumer waits. False when there is something by now (or the gate is dead).
  package mutating func wait(consumer waiter: Waiter) -> Bool {
    if isDead || channels.contains(where: { !$0.isBlocked && !$0.isEmpty }) { return false }
    consumer = waiter
    return true
  }

  /// Stops delivering from a channel: its barrier has arrived.
  package mutating func block(_ channel: Int) { channels[channel].isBlocked = true }

  package mutating func unblockAll() {
    for i in channels.indices { channels[i].isBlocked = false }
  }

  /// Nothing is delivered any more; answers with everyone who waits.
  package mutating func kill() -> [Waiter] {
    isDead = true
    var woken = channels.compactMap(\.sender)
    if let consumer { woken.append(consumer) }
    consumer = nil
    for i in channels.indices {
      channels[i].sender = nil
      channels[i].queue.removeAll()
      channels[i].head = 0
    }
    return woken
  }
}
