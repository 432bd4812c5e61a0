/// Tells whether bytes are one JSON value (RFC 8259), white space around it allowed, with valid UTF-8 in its strings.
enum JSONCheck {
  /// Deeper values are refused: readers of the output have limits too.
  static let depthLimit = 512

  /// O(bytes); no memory beyond 512 bits.
  static func isValue(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    var scanner = Scanner(bytes: bytes)
    guard scanner.value(depth: 0) else { return false }
    scanner.space()
    return scanner.at == bytes.count && String(validating: bytes, as: UTF8.self) != nil
  }

  private struct Scanner {
    let bytes: UnsafeBufferPointer<UInt8>
    var at = 0

    var next: UInt8 { at < bytes.count ? bytes[at] : 0 }

    mutating func space() {
      while next == 0x20 || next == 0x09 || next == 0x0A || next == 0x0D { at += 1 }
    }

    mutating func take(_ byte: UInt8) -> Bool {
      guard next == byte, at < bytes.count else { return false }
      at += 1
      return true
    }

    mutating func value(depth: Int) -> Bool {
      space()
      switch next {
      case UInt8(ascii: "{"): return depth < JSONCheck.depthLimit && list(UInt8(ascii: "}"), depth, isObject: true)
      case UInt8(ascii: "["): return depth < JSONCheck.depthLimit && list(UInt8(ascii: "]"), depth, isObject: false)
      case UInt8(ascii: "\""): return string()
      case UInt8(ascii: "t"): return word("true")
      case UInt8(ascii: "f"): return word("false")
      case UInt8(ascii: "n"): return word("null")
      default: return number()
      }
    }

    mutating func list(_ end: UInt8, _ depth: Int, isObject: Bool) -> Bool {
      at += 1
      space()
      if take(end) { return true }
      while true {
        if isObject {
          space()
          guard next == UInt8(ascii: "\""), string() else { return false }
          space()
          guard take(UInt8(ascii: ":")) else { return false }
        }
        guard value(depth: depth + 1) else { return false }
        space()
        if take(end) { return true }
        guard take(UInt8(ascii: ",")) else { return false }
      }
    }

    mutating func string() -> Bool {
      at += 1
      while at < bytes.count {
        let byte = bytes[at]
        at += 1
        if byte == UInt8(ascii: "\"") { return true }
        if byte < 0x20 { return false }
        guard byte == UInt8(ascii: "\\") else { continue }
        let escape = next
        at += 1
        switch escape {
        case UInt8(ascii: "u"):
          for _ in 0..<4 {
            guard isHex(next) else { return false }
            at += 1
          }
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"), UInt8(ascii: "n"),
          UInt8(ascii: "r"), UInt8(ascii: "t"):
          break
        default: return false
        }
      }
      return false
    }

    func isHex(_ byte: UInt8) -> Bool {
      byte >= 0x30 && byte <= 0x39 || byte | 0x20 >= 0x61 && byte | 0x20 <= 0x66
    }

    mutating func word(_ text: StaticString) -> Bool {
      for index in 0..<text.utf8CodeUnitCount where !take(text.utf8Start[index]) { return false }
      return true
    }

    mutating func digits() -> Bool {
      let start = at
      while next >= 0x30 && next <= 0x39 { at += 1 }
      return at > start
    }

    mutating func number() -> Bool {
      _ = take(UInt8(ascii: "-"))
      if !take(UInt8(ascii: "0")) && !digits() { return false }
      if take(UInt8(ascii: ".")) && !digits() { return false }
      if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
        if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
        return digits()
      }
      return true
    }
  }
}
