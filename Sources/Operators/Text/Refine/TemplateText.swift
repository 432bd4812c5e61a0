/// Writes templates.
enum TemplateText {
  /// The text of the pieces: `<*>` for each hole, or what the scanner calls it when `isTyped`.
  static func text(_ pieces: [TemplatePiece], _ pool: TextPool, isTyped: Bool) -> [UInt8] {
    var text: [UInt8] = []
    for piece in pieces {
      switch piece.gap {
      case .none: break
      case .blank: text.append(UInt8(ascii: " "))
      case .line: text.append(UInt8(ascii: "\n"))
      }
      if piece.kind == .hole, isTyped {
        let tag = piece.token.placeholder
        text.append(contentsOf: UnsafeBufferPointer(start: tag.utf8Start, count: tag.utf8CodeUnitCount))
      } else if piece.isHole {
        text.append(contentsOf: "<*>".utf8)
      } else {
        text.append(contentsOf: pool.texts[Int(piece.text)])
      }
    }
    return text
  }
}
