internal import Dataflow

/// Takes personal data out of a text, round after round until nothing is left to take out.
///
/// A second round is rare: it is for texts in which what is left beside a tag turns out to be personal data too.
final class Redactor {
  /// More rounds are refused: each costs a scan of the text.
  static let maximumRounds = 8

  private let buffers = ScanBuffers.allocate()
  private var current = ByteStore()
  private var next = ByteStore()

  deinit { ScanBuffers.deallocate(buffers) }

  /// The result of the last `redact`.
  var text: UnsafeBufferPointer<UInt8> { current.bytes }

  /// Replaces the given spans, and those found after that. Returns the shape of the result, or nil after too many rounds.
  ///
  /// - Parameters:
  ///   - spans: those of the first round that the rules take out.
  ///   - rules: what takes their places; tags when nil.
  func redact(_ text: UnsafeBufferPointer<UInt8>, _ spans: UnsafeBufferPointer<PIISpan>, rules: RedactionRules?) -> KeyHash? {
    Self.write(text, spans, to: current.resize(to: Self.count(text, spans, rules)), rules)
    for _ in 0..<(rules?.rounds ?? Self.maximumRounds) {
      guard let base = current.bytes.baseAddress else { return nil }
      var pass = ScanPass(base, current.bytes.count, buffers)
      let shape = pass.run()
      var count = 0
      for i in 0..<pass.spanCount where rules?.takes(buffers.pointee.spans[i], in: current.bytes) ?? true {
        buffers.pointee.spans[count] = buffers.pointee.spans[i]
        count += 1
      }
      if count == 0 { return shape }
      let found = UnsafeBufferPointer(start: UnsafePointer(buffers.pointee.spans), count: count)
      Self.write(current.bytes, found, to: next.resize(to: Self.count(current.bytes, found, rules)), rules)
      swap(&current, &next)
    }
    return nil
  }

  /// How long the text is with tags, or what the rules say, in the places of the spans.
  static func count(
    _ text: UnsafeBufferPointer<UInt8>, _ spans: UnsafeBufferPointer<PIISpan>, _ rules: RedactionRules? = nil
  ) -> Int {
    var count = text.count
    for span in spans {
      count += rules?.replacementCount(span.type) ?? span.type.kind.placeholder.utf8CodeUnitCount
      count -= Int(span.end - span.start)
    }
    return count
  }

  /// Writes the text with tags, or what the rules say, in the places of the spans.
  static func write(
    _ text: UnsafeBufferPointer<UInt8>, _ spans: UnsafeBufferPointer<PIISpan>, to target: UnsafeMutablePointer<UInt8>,
    _ rules: RedactionRules? = nil
  ) {
    guard let base = text.baseAddress else { return }
    var target = target
    var done = 0
    for span in spans {
      let literal = Int(span.start) - done
      target.update(from: base + done, count: literal)
      target += literal
      done = Int(span.end)
      if let rules {
        target = rules.writeReplacement(span.type, of: UnsafeBufferPointer(rebasing: text[Int(span.start)..<done]), to: target)
        continue
      }
      let tag = span.type.kind.placeholder
      target.update(from: tag.utf8Start, count: tag.utf8CodeUnitCount)
      target += tag.utf8CodeUnitCount
    }
    target.update(from: base + done, count: text.count - done)
  }
}

/// Bytes that are written and read through pointers, reused from text to text.
private struct ByteStore: ~Copyable {
  /// A larger store is given back when a small text follows, so that one huge message does not stay in memory.
  private static let keptCapacity = 1 << 20

  private var base: UnsafeMutablePointer<UInt8>?
  private var capacity = 0
  private var count = 0

  var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: base, count: count) }

  /// Room for `count` bytes, whatever was there before is lost.
  mutating func resize(to count: Int) -> UnsafeMutablePointer<UInt8> {
    self.count = count
    if let base, count <= capacity, capacity <= Self.keptCapacity || count > Self.keptCapacity { return base }
    base?.deallocate()
    capacity = max(4096, count + count / 4)
    let fresh = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    base = fresh
    return fresh
  }

  deinit { base?.deallocate() }
}
