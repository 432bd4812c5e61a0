internal import HMAC
internal import RE2

/// What becomes of personal data.
public enum RedactionPolicy: String, Sendable, CaseIterable {
  /// A tag such as `<email>` takes its place.
  case tag
  /// A tag with a keyed hash of the value, `<email:1a2b3c4d5e6f>`: equal values have equal hashes, in every run with the key.
  case pseudonym
  /// The bytes are taken out.
  case drop
  /// It stays.
  case keep
}

/// What a scanner does with what it finds: a policy for each type, and values that are never touched.
///
/// The shape of a text does not depend on the rules: it leaves out every type always.
public final class RedactionRules: Sendable {
  private let policies: [RedactionPolicy]
  private let key: HMACSHA256?
  private let allowed: Set<[UInt8]>
  private let allowedForms: [RegularExpression]
  private let isSelective: Bool
  /// How often a text is looked through for what is left once values are out.
  let rounds: Int

  /// Rules; every type is tagged unless said otherwise.
  ///
  /// - Parameters:
  ///   - policies: of types that are not tagged.
  ///   - key: for pseudonyms; without one they are tags.
  ///   - allowed: values that stay.
  public convenience init(policies: [PIIType: RedactionPolicy] = [:], key: [UInt8]? = nil, allowed: [String] = []) {
    self.init(policies: policies, key: key, allowed: allowed, allowedForms: [], rounds: Redactor.maximumRounds)
  }

  /// Rules that give up after so many rounds: with none, nothing that holds personal data can be redacted.
  package convenience init(rounds: Int) { self.init(policies: [:], key: nil, allowed: [], allowedForms: [], rounds: rounds) }

  init(policies: [PIIType: RedactionPolicy], key: [UInt8]?, allowed: [String], allowedForms: [RegularExpression], rounds: Int) {
    self.rounds = rounds
    self.policies = PIIType.allCases.map { type in
      let policy = policies[type] ?? .tag
      return policy == .pseudonym && key == nil ? .tag : policy
    }
    self.key = key.map(HMACSHA256.init)
    self.allowed = Set(allowed.map { Array($0.utf8) })
    self.allowedForms = allowedForms
    isSelective = !allowed.isEmpty || !allowedForms.isEmpty || self.policies.contains(.keep)
  }

  /// Rules under which the given types are tagged and all others stay; nil when those are all types.
  static func tagging(_ types: PIITypes) -> RedactionRules? {
    if types == .all { return nil }
    return RedactionRules(
      policies: Dictionary(uniqueKeysWithValues: PIIType.allCases.filter { !types.contains($0) }.map { ($0, RedactionPolicy.keep) }))
  }

  /// Whether every type is tagged, so that no rules are needed.
  var isPlain: Bool { !isSelective && policies.allSatisfy { $0 == .tag } }

  /// Whether the value that the span marks is to leave the text.
  func takes(_ span: PIISpan, in text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard isSelective else { return true }
    if policies[Int(span.type.rawValue)] == .keep { return false }
    if allowed.isEmpty, allowedForms.isEmpty { return true }
    let value = UnsafeBufferPointer(rebasing: text[Int(span.start)..<Int(span.end)])
    return !allowed.contains(Array(value)) && !allowedForms.contains { $0.matches(value) }
  }

  /// Hexadecimal digits of a pseudonym: 48 bits, so that two of a million values are taken for one with probability 1/500.
  private static let digits = 12

  /// Bytes that take the place of a value of this type.
  func replacementCount(_ type: PIIType) -> Int {
    switch policies[Int(type.rawValue)] {
    case .tag, .keep: type.kind.placeholder.utf8CodeUnitCount
    case .pseudonym: type.kind.placeholder.utf8CodeUnitCount + 1 + Self.digits
    case .drop: 0
    }
  }

  /// Writes what takes the place of the value, `replacementCount` bytes. Returns where it ends.
  func writeReplacement(
    _ type: PIIType, of value: UnsafeBufferPointer<UInt8>, to target: UnsafeMutablePointer<UInt8>
  ) -> UnsafeMutablePointer<UInt8> {
    let policy = policies[Int(type.rawValue)]
    if policy == .drop { return target }
    let tag = type.kind.placeholder
    let count = tag.utf8CodeUnitCount
    target.update(from: tag.utf8Start, count: count)
    guard policy == .pseudonym else { return target + count }
    target[count - 1] = UInt8(ascii: ":")
    writeHash(type, value, to: target + count)
    target[count + Self.digits] = UInt8(ascii: ">")
    return target + count + Self.digits + 1
  }

  /// Equal texts of two types are two values.
  private func writeHash(_ type: PIIType, _ value: UnsafeBufferPointer<UInt8>, to target: UnsafeMutablePointer<UInt8>) {
    let message = Array(type.name.utf8) + [0] + value
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: HMACSHA256.count) { hash in
      hash.initialize(repeating: 0)
      if let key, let base = hash.baseAddress { _ = message.withUnsafeBufferPointer { key.authenticate($0, into: base) } }
      for i in 0..<Self.digits {
        let digit = hash[i / 2] >> (i % 2 == 0 ? 4 : 0) & 15
        target[i] = digit < 10 ? 0x30 + digit : 0x57 + digit
      }
    }
  }
}
