/// Collects the text of a template: literals as they are, a placeholder for each token.
final class TemplateWriter {
  /// Longer templates are cut here, with `…` at the end.
  static let limit = 2048

  private(set) var bytes: [UInt8] = []
  private var isCut = false

  func reset() {
    bytes.removeAll(keepingCapacity: true)
    isCut = false
  }

  func append(_ start: UnsafePointer<UInt8>, _ stop: UnsafePointer<UInt8>) {
    append(UnsafeBufferPointer(start: start, count: stop - start))
  }

  func append(_ kind: TokenKind) {
    append(UnsafeBufferPointer(start: kind.placeholder.utf8Start, count: kind.placeholder.utf8CodeUnitCount))
  }

  private func append(_ piece: UnsafeBufferPointer<UInt8>) {
    guard !isCut else { return }
    if bytes.count + piece.count <= Self.limit {
      bytes.append(contentsOf: piece)
      return
    }
    isCut = true
    bytes.append(contentsOf: piece.prefix(Self.limit - bytes.count))
    // Not in the middle of a character: bytes of the form 10xxxxxx follow the first byte of one.
    while let last = bytes.last, last & 0xC0 == 0x80 { bytes.removeLast() }
    if let last = bytes.last, last >= 0xC0 { bytes.removeLast() }
    bytes.append(contentsOf: "…".utf8)
  }
}
