internal import Dataflow

/// A shape as it is compared with others.
struct ShapeForm: Sendable {
  /// The pieces, lists folded.
  var folded: [TemplatePiece]
  /// The pieces as they are; nil when the shapes it stands for differ in more than what stands in single places.
  var full: [TemplatePiece]?

  /// The form of a template as the scanner writes it. O(bytes).
  init(_ template: [UInt8], _ pool: inout TextPool) {
    let pieces = TemplateForm.joined(TemplateLexer.pieces(template, &pool), pool)
    folded = TemplateForm.folded(pieces, pool)
    full = pieces
  }

  init(folded: [TemplatePiece], full: [TemplatePiece]?) {
    self.folded = folded
    self.full = full
  }

  /// What shapes share that differ only in soft words and lists: they are one template. Depends on the bytes alone.
  func coarseKey(_ pool: TextPool) -> KeyHash {
    // Without any plain word there would be nothing left to tell messages apart by.
    let hasWord = folded.contains { $0.kind == .hard }
    var hasher = KeyHasher(seed: ShapeMap.version)
    for piece in folded {
      hasher.combine(UInt64(piece.gap.rawValue))
      if hasWord ? piece.isVariable : piece.isHole {
        hasher.combine(UInt64.max)
      } else {
        pool.texts[Int(piece.text)].withUnsafeBufferPointer { buffer in
          if let base = buffer.baseAddress { hasher.combine(base, buffer.count) }
        }
      }
    }
    return hasher.finish()
  }

  /// The form of the coarse key: soft words are holes.
  var coarse: ShapeForm {
    guard folded.contains(where: { $0.kind == .hard }) else { return self }
    let blank = { (piece: TemplatePiece) in piece.kind == .soft ? TemplatePiece.hole(.value, gap: piece.gap) : piece }
    return ShapeForm(folded: folded.map(blank), full: full?.map(blank))
  }

  /// What is shown.
  var shown: [TemplatePiece] { full ?? folded }

  /// What both are, place by place. Both must have the same coarse key.
  func joined(_ other: ShapeForm) -> ShapeForm {
    guard let folded = TemplateClass.merged(folded, other.folded) else { return self }
    guard let a = full, let b = other.full else { return ShapeForm(folded: folded, full: nil) }
    return ShapeForm(folded: folded, full: TemplateClass.merged(a, b))
  }
}
