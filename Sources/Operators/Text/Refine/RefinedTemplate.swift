public import Dataflow

/// What a message kind looks like in the end, and its id.
public struct RefinedTemplate: Sendable, Hashable {
  /// The hash of `text` and of the refinement's version: 128 bits.
  public let fingerprint: KeyHash
  /// The template with `<*>` for each variable.
  public let text: [UInt8]
  /// The template with what each variable is: `<num>`, `<ip>` …; `<value>` where it is several things, `<*>` where it is any word.
  public let typedText: [UInt8]

  /// Says nothing: what is left when there are too many kinds.
  static let anything = RefinedTemplate(text: Array("<*>".utf8), typedText: Array("<*>".utf8))

  /// `fingerprint` in 32 hexadecimal digits.
  public var id: String {
    String(
      decoding: [UInt8](unsafeUninitializedCapacity: 32) { target, count in
        if let base = target.baseAddress { ShapeCache.write(fingerprint, to: base) }
        count = 32
      }, as: UTF8.self)
  }

  init(text: [UInt8], typedText: [UInt8]) {
    self.text = text
    self.typedText = typedText
    var hasher = KeyHasher(seed: 0x7465_6D70_6C61_7465 ^ ShapeMap.version)
    text.withUnsafeBufferPointer { buffer in if let base = buffer.baseAddress { hasher.combine(base, buffer.count) } }
    fingerprint = hasher.finish()
  }
}
