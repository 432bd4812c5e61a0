internal import CScan
internal import Dataflow

/// One pass over one message, left to right: finds its tokens and its personal data and hashes the shape.
///
/// The pass jumps from trigger byte to trigger byte (digits and `/ : < = @ \`, and the blank before what may be a person's name); words
/// without one are literal and are only hashed.
/// At a trigger a recogniser looks at the atom around it (the unbroken run of letters, digits and `. - : / _ …`), may record a token
/// or a span, and says where to go on. No recogniser looks before `floor`, and every byte is passed at most a constant number of
/// times, so the pass is linear whatever the bytes are.
struct ScanPass {
  typealias Pointer = UnsafePointer<UInt8>

  let base: Pointer
  let end: Pointer
  /// Where the last recognised thing ended: atoms do not reach back over it.
  var floor: Pointer
  /// Tokens that begin before lie inside one that is recorded already (the parts of a URL): only their personal data counts.
  var quiet: Pointer
  /// Whether the redacted text must be scanned again to know the shape: set by data that is not just one whole token.
  var needsRescan = false

  private var hasher = ShapeHasher()
  private var flushed: Pointer
  private var lastKind: TokenKind?
  let buffers: UnsafeMutablePointer<ScanBuffers>
  private let tokens: UnsafeMutablePointer<Token>
  private(set) var tokenCount = 0
  private(set) var spanCount = 0
  /// Set when the template is wanted too.
  // Unowned: whoever runs the pass holds it, and counting references would cost more than a token.
  private unowned(unsafe) let renderer: TemplateWriter?

  init(_ base: Pointer, _ count: Int, _ buffers: UnsafeMutablePointer<ScanBuffers>, renderer: TemplateWriter? = nil) {
    self.base = base
    self.origin = base
    self.end = base + count
    self.floor = base
    self.quiet = base
    self.flushed = base
    self.buffers = buffers
    self.tokens = buffers.pointee.tokens
    self.renderer = renderer
  }

  // MARK: Windows

  /// The bit maps of the 64 bytes from `origin` on.
  private(set) var window = cscan_window()
  private(set) var origin: Pointer

  /// Moves the window to begin at `start`. Triggers before what was visited already are skipped by the caller.
  @inline(__always)
  mutating func moveWindow(to start: Pointer) {
    origin = start
    window = cscan_window_at(start, base, end)
    window.triggers |= window.names
  }

  /// Runs the pass and answers with the shape.
  mutating func run() -> KeyHash {
    if base == end { return finish() }
    moveWindow(to: base)
    var next = base
    while true {
      let done = UInt64(truncatingIfNeeded: next - origin)
      let pending = done < 64 ? window.triggers & (UInt64.max << done) : 0
      if pending != 0 {
        next = visit(origin + pending.trailingZeroBitCount)
        continue
      }
      // The next window begins with the atom that this one cuts, if there is one.
      let tail = (~(window.atoms & ~window.colons)).leadingZeroBitCount
      let step = origin + (tail < 64 ? 64 - tail : 64)
      if end - origin <= 64 { return finish() }
      next = max(next, step)
      if next >= end { return finish() }
      moveWindow(to: next)
    }
  }

  /// Looks at what the trigger byte at `i` belongs to. Returns where to go on, behind `i`.
  @inline(__always)
  private mutating func visit(_ i: Pointer) -> Pointer {
    let byte = i.pointee
    if Bytes.isDigit(byte) { return atom(at: i) }
    switch byte {
    case UInt8(ascii: "="): return equals(at: i)
    case UInt8(ascii: ":"): return colon(at: i)
    case UInt8(ascii: "/"): return slash(at: i)
    case UInt8(ascii: "@"): return sign(at: i)
    case UInt8(ascii: "<"): return tag(at: i)
    case UInt8(ascii: " "): return name(behind: i)
    default: return backslash(at: i)
    }
  }

  // MARK: Recording

  /// Records a token unless it lies inside another. Nothing after it reaches back over it.
  @inline(__always)
  mutating func record(_ kind: TokenKind, _ start: Pointer, _ stop: Pointer) {
    floor = stop
    guard start >= quiet else { return }
    if tokenCount == ScanBuffers.tokenCapacity { drain() }
    tokens[tokenCount] = Token(
      start: UInt32(truncatingIfNeeded: start - base), end: UInt32(truncatingIfNeeded: stop - base), kind: kind)
    tokenCount += 1
  }

  /// Records personal data that is not a whole token, or whose neighbours may read differently once it is gone.
  mutating func find(_ type: PIIType, _ start: Pointer, _ stop: Pointer) {
    addSpan(type, start, stop)
    needsRescan = true
  }

  /// Records personal data that is one whole token, perhaps with a port behind it: its tag will read as the same token.
  mutating func record(_ type: PIIType, _ start: Pointer, _ stop: Pointer, _ tokenEnd: Pointer) {
    addSpan(type, start, stop)
    if start < quiet || !standsAlone(start, tokenEnd) { needsRescan = true }
    record(type.kind, start, tokenEnd)
  }

  /// Records personal data that is one whole token. Returns its end.
  mutating func personal(_ type: PIIType, _ start: Pointer, _ stop: Pointer) -> Pointer {
    record(type, start, stop, stop)
    return stop
  }

  /// Whether blanks, quotes, brackets or commas surround the token: then its neighbours read the same whether it is there or its tag.
  private func standsAlone(_ start: Pointer, _ stop: Pointer) -> Bool {
    if start > base {
      switch start[-1] {
      case UInt8(ascii: " "), UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: ","),
        UInt8(ascii: "="),
        UInt8(ascii: ";"):
        break
      default: return false
      }
    }
    guard stop < end else { return true }
    switch stop.pointee {
    case UInt8(ascii: " "), UInt8(ascii: ")"), UInt8(ascii: "]"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: ","),
      UInt8(ascii: ";"):
      return true
    case UInt8(ascii: "."), UInt8(ascii: ":"): return stop + 1 == end || stop[1] == UInt8(ascii: " ")
    default: return false
    }
  }

  private mutating func addSpan(_ type: PIIType, _ start: Pointer, _ stop: Pointer) {
    // Overlapping finds become one: nothing of either may stay.
    if spanCount > 0, buffers.pointee.spans[spanCount - 1].end > UInt32(truncatingIfNeeded: start - base) {
      buffers.pointee.spans[spanCount - 1].end = max(buffers.pointee.spans[spanCount - 1].end, UInt32(truncatingIfNeeded: stop - base))
      needsRescan = true
      return
    }
    if spanCount == buffers.pointee.spanCapacity { buffers.pointee.growSpans() }
    buffers.pointee.spans[spanCount] = PIISpan(
      start: UInt32(truncatingIfNeeded: start - base), end: UInt32(truncatingIfNeeded: stop - base), type: type)
    spanCount += 1
  }

  /// The last token, if it was recorded by this pass and is still there.
  var lastToken: (kind: TokenKind, start: Pointer, end: Pointer)? {
    guard tokenCount > 0 else { return nil }
    let token = tokens[tokenCount - 1]
    return (token.kind, base + Int(token.start), base + Int(token.end))
  }

  /// Where the last token ended.
  var recordedEnd: Pointer { lastToken?.end ?? flushed }

  /// Takes back the tokens from `start` on: they turned out to be parts of a longer one. False when `start` is hashed already.
  mutating func unrecord(from start: Pointer) -> Bool {
    guard start >= flushed else { return false }
    while let last = lastToken, last.start >= start { tokenCount -= 1 }
    return true
  }

  // MARK: Shape

  /// Whether [start, stop) is what stands between the members of a list: a comma, a blank, or both.
  @inline(__always)
  private func isListSeparator(_ start: Pointer, _ stop: Pointer) -> Bool {
    switch stop - start {
    case 1: start[0] == UInt8(ascii: " ") || start[0] == UInt8(ascii: ",")
    case 2: start[0] == UInt8(ascii: ",") && start[1] == UInt8(ascii: " ")
    default: false
    }
  }

  /// Hashes the tokens so far and the literals between them, and writes them to the template when one is wanted.
  private mutating func drain() {
    for i in 0..<tokenCount {
      let token = tokens[i]
      let start = base + Int(token.start)
      if token.kind == lastKind, token.kind.isListed, isListSeparator(flushed, start) {
        // `a, b, c` and `a b c` have the shape of one: how many there are says nothing.
        flushed = base + Int(token.end)
        continue
      }
      lastKind = token.kind
      let literal = trim(flushed, start)
      hasher.combine(literal.start, literal.stop, then: token.kind.rawValue, in: base)
      if let renderer {
        renderer.append(literal.start, literal.stop)
        renderer.append(token.kind)
      }
      flushed = base + Int(token.end)
    }
    tokenCount = 0
  }

  private mutating func finish() -> KeyHash {
    drain()
    let literal = trim(flushed, end)
    hasher.combine(literal.start, literal.stop, then: 0, in: base)
    renderer?.append(literal.start, literal.stop)
    return hasher.finish()
  }

  /// Blanks beside a variable are padding (`%5d`): a run of them counts as one.
  @inline(__always)
  private func trim(_ start: Pointer, _ stop: Pointer) -> (start: Pointer, stop: Pointer) {
    guard stop - start >= 2 else { return (start, stop) }
    let blanks: UInt16 = 0x2020
    let first = UnsafeRawPointer(start).loadUnaligned(as: UInt16.self)
    let last = UnsafeRawPointer(stop - 2).loadUnaligned(as: UInt16.self)
    if first != blanks, last != blanks { return (start, stop) }
    return trimPadding(start, stop)
  }

  private func trimPadding(_ start: Pointer, _ stop: Pointer) -> (start: Pointer, stop: Pointer) {
    var start = start
    var stop = stop
    let blank = UInt8(ascii: " ")
    while stop - start >= 2, stop[-1] == blank, stop[-2] == blank { stop -= 1 }
    while stop - start >= 2, start[0] == blank, start[1] == blank { start += 1 }
    return (start, stop)
  }
}
