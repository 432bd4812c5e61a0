internal import CScan

/// What the members of one object looked like in earlier documents, in order: the bytes from the end of one value to the start of the next.
///
/// Documents of one writer repeat the same keys in the same order with the same white space, so one comparison of a dozen bytes stands for
/// finding the comma, the key, its name and the colon. A document that differs only costs time, never a wrong answer: the compared bytes
/// *are* the key.
///
/// ```
/// {"event_id":"7f…","service":"pay","time":17…}
///  ^^^^^^^^^^^     ^^^^^^^^^^^     ^^^^^^^^        slots 0, 1, 2
/// ```
struct JSONLayout {
  struct Slot {
    /// The bytes, in room for `JSONLayout.slotBytes`.
    var text: UnsafeMutablePointer<UInt8>
    var count: Int
    /// The wanted child, or -1: a value to be skipped.
    var child: Int
    /// Whether the bytes stand right behind the opening brace: they have no comma, and may stand nowhere else.
    var isFirst: Bool
  }

  static let slotLimit = 64
  static let slotBytes = 64
  /// How many slots further on to look: optional members are missing now and then.
  private static let lookahead = 4

  let slots: UnsafeMutablePointer<Slot>
  private let text: UnsafeMutablePointer<UInt8>
  private(set) var count = 0
  private var misses = 0

  init() {
    slots = .allocate(capacity: Self.slotLimit)
    text = .allocate(capacity: Self.slotLimit * Self.slotBytes)
    text.initialize(repeating: 0, count: Self.slotLimit * Self.slotBytes)
  }

  func deallocate() {
    slots.deallocate()
    text.deallocate()
  }

  /// The slot at or a little after `slot` whose bytes stand at `bytes`, or -1. `count` bytes belong to the text, `readable` may be read.
  @inline(__always)
  func match(_ bytes: UnsafePointer<UInt8>, _ count: Int, readable: Int, from slot: Int, isFirst: Bool) -> Int {
    guard readable >= Self.slotBytes else { return -1 }
    var candidate = slot
    let end = min(self.count, slot &+ Self.lookahead)
    while candidate < end {
      let known = slots + candidate
      if known.pointee.count <= count, known.pointee.isFirst == isFirst, cscan_json_same(bytes, known.pointee.text, known.pointee.count) {
        return candidate
      }
      candidate &+= 1
    }
    return -1
  }

  /// Remembers the bytes before a value, at the place where they were met. Long ones are not worth it. Answers with the slot to go on from.
  ///
  /// A full table whose slots keep missing is of another time: it starts afresh.
  mutating func learn(_ bytes: UnsafePointer<UInt8>, _ length: Int, child: Int, at slot: Int, isFirst: Bool) -> Int {
    guard length <= Self.slotBytes else { return slot }
    if count == Self.slotLimit {
      misses += 1
      guard misses == 1024 else { return slot }
      misses = 0
      count = 0
    }
    let place = min(slot, count)
    // Texts are handed out in the order of learning, so number `count` is free whatever the order of the slots.
    let free = text + count * Self.slotBytes
    var index = count
    while index > place {
      slots[index] = slots[index - 1]
      index -= 1
    }
    free.update(from: bytes, count: length)
    slots[place] = Slot(text: free, count: length, child: child, isFirst: isFirst)
    count += 1
    return place + 1
  }
}
