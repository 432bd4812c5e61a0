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

  /// What becomes of what is found; nil when all of it is tagged. The shape leaves out all types always.
  private let rules: RedactionRules?

  /// What a scan leaves behind. In memory of its own because the class's stored properties are checked for exclusive access at run time,
  /// which costs more than a token.
  private struct State {
    var shape = KeyHash(high: 0, low: 0)
    var text = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
    var spanCount = 0
    var result = Result.untouched
  }

  private enum Result {
    /// Nothing to redact.
    case untouched
    /// The spans in `buffers` are all there is.
    case spans
    /// The redactor holds the text.
    case rewritten
  }

  private let state = UnsafeMutablePointer<State>.allocate(capacity: 1)
  private let buffers = ScanBuffers.allocate()
  private let templateBuffers = ScanBuffers.allocate()
  private let templateRedactor = Redactor()
  private let writer = TemplateWriter()
  /// For texts that are scanned again once their personal data is out.
  private let redactor = Redactor()

  /// A scanner that tags the given types in texts.
  public convenience init(types: PIITypes = .all) { self.init(rules: RedactionRules.tagging(types)) }

  /// A scanner with rules; one that tags everything when there are none.
  public init(rules: RedactionRules?) {
    self.rules = rules
    state.initialize(to: State())
  }

  deinit {
    state.deallocate()
    ScanBuffers.deallocate(buffers)
    ScanBuffers.deallocate(templateBuffers)
  }

  /// The 128-bit id of the kind of message that the last text is.
  public var shape: KeyHash { state.pointee.shape }

  /// Scans a text. O(count) whatever the bytes are; allocates only while its buffers grow.
  ///
  /// - Returns: false when the personal data cannot be taken out (a text made to resist); it must not be passed on then.
  public func scan(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    let state = state
    state.pointee.text = text
    state.pointee.result = .untouched
    var pass = ScanPass(text.baseAddress ?? Self.nowhere, text.count, buffers)
    state.pointee.shape = pass.run()
    state.pointee.spanCount = pass.spanCount
    if pass.spanCount == 0 { return true }
    return foundSpans(needsRescan: pass.needsRescan)
  }

  private var text: UnsafeBufferPointer<UInt8> { state.pointee.text }

  private func foundSpans(needsRescan: Bool) -> Bool {
    if needsRescan {
      guard let shape = redactor.redact(text, spans, rules: nil) else { return false }
      state.pointee.shape = shape
      state.pointee.result = .rewritten
    } else {
      state.pointee.result = .spans
    }
    if let rules {
      // The text is then another one than the shape's.
      keepSelectedSpans(rules)
      state.pointee.result = .untouched
      if spanCount > 0 {
        guard redactor.redact(text, spans, rules: rules) != nil else { return false }
        state.pointee.result = .rewritten
      }
    }
    return true
  }

  /// Stands for the address of a text without bytes. Never read.
  private static var nowhere: UnsafePointer<UInt8> { ("" as StaticString).utf8Start }

  // MARK: Spans

  /// How many spans the last text holds that leave it.
  public var spanCount: Int { state.pointee.spanCount }

  /// The spans in the last text, ascending, none inside another.
  public var spans: UnsafeBufferPointer<PIISpan> { UnsafeBufferPointer(start: buffers.pointee.spans, count: spanCount) }

  private func keepSelectedSpans(_ rules: RedactionRules) {
    var kept = 0
    for i in 0..<spanCount where rules.takes(buffers.pointee.spans[i], in: text) {
      buffers.pointee.spans[kept] = buffers.pointee.spans[i]
      kept += 1
    }
    state.pointee.spanCount = kept
  }

  // MARK: Redacted text

  /// Whether the last text differs from its redacted form.
  @inline(__always)
  public var isRedacted: Bool {
    if case .untouched = state.pointee.result { return false }
    return true
  }

  /// Length of the redacted text in bytes.
  public var redactedCount: Int {
    switch state.pointee.result {
    case .untouched: text.count
    case .spans: Redactor.count(text, spans)
    case .rewritten: redactor.text.count
    }
  }

  /// Writes the redacted text, `redactedCount` bytes.
  public func writeRedacted(to target: UnsafeMutablePointer<UInt8>) {
    switch state.pointee.result {
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
    var source = text
    if isRedacted || rules != nil {
      var pass = ScanPass(text.baseAddress ?? Self.nowhere, text.count, templateBuffers)
      _ = pass.run()
      let spans = UnsafeBufferPointer(start: UnsafePointer(templateBuffers.pointee.spans), count: pass.spanCount)
      guard templateRedactor.redact(text, spans, rules: nil) != nil else { return [] }
      source = templateRedactor.text
    }
    writer.reset()
    var pass = ScanPass(source.baseAddress ?? Self.nowhere, source.count, templateBuffers, renderer: writer)
    _ = pass.run()
    return writer.bytes
  }
}
