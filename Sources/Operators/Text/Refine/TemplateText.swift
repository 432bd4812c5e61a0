/// Writes templates.
enum TemplateText {
  enum Style {
    /// `<*>` for each hole.
    case plain
    /// What the scanner calls each hole; `<*>` for open ones.
    case typed
    /// As `typed`, so that reading it gives the same pieces.
    case exact
  }

  static func text(_ pieces: [TemplatePiece], _ pool: TextPool, _ style: Style) -> [UInt8] {
    var text: [UInt8] = []
    var isBehindHole = false
    for piece in pieces {
      switch piece.gap {
      case .none:
        // Two holes without anything between them are one.
        if piece.isHole, isBehindHole, style != .exact { continue }
      case .blank: text.append(UInt8(ascii: " "))
      case .line: text.append(UInt8(ascii: "\n"))
      }
      isBehindHole = piece.isHole
      if piece.kind == .hole, style != .plain {
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
