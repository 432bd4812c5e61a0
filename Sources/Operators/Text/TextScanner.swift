public import Dataflow

/// Finds the variable parts and the personal data of log messages: the shape that messages of one kind share, the text without personal
/// data, and the template to show.
///
/// The shape of a message is, by definition, the shape of its redacted text, so redaction before or after never changes it; redacting
/// twice changes nothing. A shape depends on the bytes and on `version` alone: it is the same on every worker and after every restart.
///
/// One scanner serves one subtask; its buffers are reused, and results are valid until the next `scan`.
public final class TextScanner {
  /// Stands in every shape: another version gives other shapes.
  public static let version = ShapeHasher.version

  /// The types that are taken out of the text. The shape leaves out all types always.
  public let types: PIITypes

  /// The 128-bit id of the kind of message that the last text is.
  public private(set) var shape = KeyHash(high: 0, low: 0)

  private let buffers = ScanBuffers()
  private let writer = TemplateWriter()
  /// For texts that are scanned again once their personal data is out.
  private lazy var redactor = Redactor()
  private var text = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
  private var result = Result.untouched

  private enum Result {
    /// Nothing to redact.
    case untouched
    /// The spans in `buffers` are all there is.
    case spans
    /// The redactor holds the text.
    case rewritten
  }

  /// A scanner that takes the given types out of texts.
  public init(types: PIITypes = .all) {
    self.types = types
  }

  /// Scans a text. O(count) whatever the bytes are; allocates only while its buffers grow.
  ///
  /// - Returns: false when the personal data cannot be taken out (a text made to resist); it must not be passed on then.
  public func scan(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    self.text = text
    result = .untouched
    spanCount = 0
    guard let base = text.baseAddress else {
      shape = ShapeHasher().finish()
      return true
    }
    var pass = ScanPass(base, text.count, buffers)
    shape = pass.run()
    spanCount = pass.spanCount
    if spanCount == 0 { return true }
    return foundSpans(needsRescan: pass.needsRescan)
  }

  private func foundSpans(needsRescan: Bool) -> Bool {
    if needsRescan {
      guard let shape = redactor.redact(text, spans, types: .all) else { return false }
      self.shape = shape
      result = .rewritten
    } else {
      result = .spans
    }
    if types != .all {
      // Only some types leave the text, which is then another one than the shape's.
      keepSelectedSpans()
      result = .untouched
      if spanCount > 0 {
        guard redactor.redact(text, spans, types: types) != nil else { return false }
        result = .rewritten
      }
    }
    return true
  }

  // MARK: Spans

  /// How many spans of the selected types the last text holds.
  public private(set) var spanCount = 0

  /// The spans in the last text, ascending, none inside another.
  public var spans: UnsafeBufferPointer<PIISpan> { UnsafeBufferPointer(start: buffers.spans, count: spanCount) }

  private func keepSelectedSpans() {
    var kept = 0
    for i in 0..<spanCount where types.contains(buffers.spans[i].type) {
      buffers.spans[kept] = buffers.spans[i]
      kept += 1
    }
    spanCount = kept
  }

  // MARK: Redacted text

  /// Whether the last text differs from its redacted form.
  @inline(__always)
  public var isRedacted: Bool {
    if case .untouched = result { return false }
    return true
  }

  /// Length of the redacted text in bytes.
  public var redactedCount: Int {
    switch result {
    case .untouched: text.count
    case .spans: Redactor.count(text, spans)
    case .rewritten: redactor.text.count
    }
  }

  /// Writes the redacted text, `redactedCount` bytes.
  public func writeRedacted(to target: UnsafeMutablePointer<UInt8>) {
    switch result {
    case .untouched:
      if let base = text.baseAddress { target.update(from: base, count: text.count) }
    case .spans: Redactor.write(text, spans, to: target)
    case .rewritten:
      if let base = redactor.text.baseAddress { target.update(from: base, count: redactor.text.count) }
    }
  }

  // MARK: Template

  /// The redacted text of the last scan with a placeholder for each variable. Equal for equal shapes. Scans once more: meant for new shapes.
  ///
  /// At most 2,048 bytes and `…`.
  public func template() -> [UInt8] {
    let rendered = Redactor()
    writer.reset()
    var source = text
    if isRedacted || types != .all {
      let all = TextScanner.spans(of: text)
      guard rendered.redact(text, all.spans, types: .all) != nil else { return [] }
      source = rendered.text
    }
    guard let base = source.baseAddress else { return [] }
    var pass = ScanPass(base, source.count, ScanBuffers(), renderer: writer)
    _ = pass.run()
    return writer.bytes
  }

  /// All spans of a text, in buffers of their own.
  private static func spans(of text: UnsafeBufferPointer<UInt8>) -> (spans: UnsafeBufferPointer<PIISpan>, owner: ScanBuffers) {
    let buffers = ScanBuffers()
    guard let base = text.baseAddress else { return (UnsafeBufferPointer(start: nil, count: 0), buffers) }
    var pass = ScanPass(base, text.count, buffers)
    _ = pass.run()
    return (UnsafeBufferPointer(start: buffers.spans, count: pass.spanCount), buffers)
  }
}
