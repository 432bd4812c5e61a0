internal import CScan

/// What the members of one object looked like in earlier documents: the bytes from the end of one value to the start of the next, and
/// which of them followed which.
///
/// Documents of one writer repeat the same keys in the same order with the same white space, so one comparison of a dozen bytes stands for
/// finding the comma, the key, its name and the colon. A document that differs only costs time, never a wrong answer: the compared bytes
/// *are* the key.
///
/// ```
/// {"event_id":"7f…","service":"pay","time":17…}
///  ^^^^^^^^^^^ ───▶ ^^^^^^^^^^^ ───▶ ^^^^^^^^ ───▶ ^        each slot knows which came next the last time
/// ```
struct JSONLayout {
  /// How the value behind a slot's bytes is read.
  enum Kind: UInt8 {
    /// Nobody wants it.
    case skipped
    /// One string field or one int field wants it: the cases worth a short cut.
    case string
    case int
    /// Wanted in any other way.
    case other
    /// No value: the closing brace.
    case end
  }

  struct Slot {
    /// The bytes, in room for `JSONLayout.slotBytes`.
    var text: UnsafeMutablePointer<UInt8>
    var count: Int
    /// Where the value goes, for `string` and `int`.
    var target: UnsafeMutablePointer<JSONScanner.Target>
    /// What came after it the last time.
    var next: UnsafeMutablePointer<Slot>
    /// The wanted child, or -1.
    var child: Int32
    var kind: Kind
    /// Whether the bytes stand right behind the opening brace: they have no comma, and may stand nowhere else.
    var isFirst: Bool
  }

  static let slotLimit = 64
  static let slotBytes = 64
  /// Places that are not for keys: the opening brace, the closing one, and a key that was not remembered.
  private static let reserved = 3

  private let slots: UnsafeMutablePointer<Slot>
  private let text: UnsafeMutablePointer<UInt8>
  private var count = JSONLayout.reserved
  private var misses = 0

  init(_ targets: UnsafeMutablePointer<JSONScanner.Target>) {
    slots = .allocate(capacity: Self.slotLimit)
    text = .allocate(capacity: Self.slotLimit * Self.slotBytes)
    text.initialize(repeating: 0, count: Self.slotLimit * Self.slotBytes)
    for index in 0..<Self.reserved {
      (slots + index).initialize(
        to: Slot(text: text + index * Self.slotBytes, count: 1, target: targets, next: slots + 1, child: -1, kind: .end, isFirst: false))
    }
    slots[1].text[0] = UInt8(ascii: "}")
  }

  func deallocate() {
    slots.deallocate()
    text.deallocate()
  }

  /// Where a walk through an object begins. Its bytes mean nothing, as those of `forgotten`.
  var start: UnsafeMutablePointer<Slot> { slots }
  /// The closing brace.
  var end: UnsafeMutablePointer<Slot> { slots + 1 }
  /// Stands for the key before when that has no slot.
  var forgotten: UnsafeMutablePointer<Slot> { slots + 2 }

  /// The slot whose bytes stand at `bytes`, of which at least `slotBytes` are readable.
  func find(_ bytes: UnsafePointer<UInt8>, isFirst: Bool) -> UnsafeMutablePointer<Slot>? {
    for index in Self.reserved..<count {
      let slot = slots + index
      if slot.pointee.isFirst == isFirst, cscan_json_same(bytes, slot.pointee.text, slot.pointee.count) { return slot }
    }
    return nil
  }

  /// Remembers the bytes before a value; long ones are not worth it. Answers with the slot to go on from.
  ///
  /// A full table that keeps missing is of another time: it starts afresh.
  mutating func learn(
    _ bytes: UnsafePointer<UInt8>, _ length: Int, child: Int32, kind: Kind, target: UnsafeMutablePointer<JSONScanner.Target>,
    after last: UnsafeMutablePointer<Slot>
  ) -> UnsafeMutablePointer<Slot> {
    guard length <= Self.slotBytes else { return forgotten }
    if count == Self.slotLimit {
      misses += 1
      guard misses == 1024 else { return forgotten }
      misses = 0
      count = Self.reserved
      for index in 0..<Self.reserved { slots[index].next = end }
      return forgotten
    }
    let slot = slots + count
    let copy = text + count * Self.slotBytes
    copy.update(from: bytes, count: length)
    slot.initialize(
      to: Slot(text: copy, count: length, target: target, next: end, child: child, kind: kind, isFirst: last == start))
    last.pointee.next = slot
    count += 1
    return slot
  }
}
