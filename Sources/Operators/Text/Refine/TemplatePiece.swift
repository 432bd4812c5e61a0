/// One piece of a template: a word, a punctuation mark or a hole, and what stands before it.
struct TemplatePiece: BitwiseCopyable, Sendable {
  enum Kind: UInt8, Sendable {
    /// A word of letters: the same in all messages of a kind, unless many others are seen in its place.
    case hard
    /// A word that may be a name (digits, underscores, dots inside; a system account): variable as soon as a second one is seen in its place.
    case soft
    /// Punctuation.
    case mark
    /// Variable: the scanner says so, or several soft words were seen.
    case hole
    /// Variable because many hard words were seen: any word may stand here.
    case open
  }

  /// What stands between this piece and the one before.
  enum Gap: UInt8, Sendable {
    case none
    case blank
    case line
  }

  var kind: Kind
  var gap: Gap
  /// What the scanner calls the hole; `value` when it is several things.
  var token: TokenKind
  /// The number of the text in the pool; of a hole 0.
  var text: UInt32

  static func hole(_ token: TokenKind, gap: Gap) -> TemplatePiece { TemplatePiece(kind: .hole, gap: gap, token: token, text: 0) }

  var isHole: Bool { kind == .hole || kind == .open }
  var isWord: Bool { kind == .hard || kind == .soft }
  /// Whether the piece is blanked in the coarse key.
  var isVariable: Bool { kind != .hard && kind != .mark }

  /// What tells two pieces apart; holes are all alike.
  var identity: UInt64 {
    isHole ? UInt64(gap.rawValue) : UInt64(text) << 8 | UInt64(gap.rawValue)
  }
  /// As `identity`, with soft words like holes.
  var coarse: UInt64 { isVariable ? UInt64(gap.rawValue) : identity }
}
