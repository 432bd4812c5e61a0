internal import Dataflow

/// The final templates of the lines of one text: lines go in, and when all are in, each has the fingerprint of its kind.
///
/// Keeps four bytes a line, and of each kind of line (shape) its template as the scanner writes it, up to `shapeLimit` of them. Lines of more kinds
/// than that are all of one, `<*>`. One thread at a time.
public final class LineFingerprints {
  /// Shapes that are told apart, unless said otherwise.
  public static let defaultShapeLimit = 1 << 18

  private let scanner = TextScanner()
  private let shapeLimit: Int
  private var map: ShapeMap
  private var shapes: [(id: KeyHash, template: [UInt8])] = []
  private var numbers: [KeyHash: UInt32] = [:]
  private var lines: [UInt32] = []

  /// The number of a line whose personal data could not be taken out.
  private static let refused = UInt32.max
  /// The number of a line of one kind too many.
  private static let overflowed = UInt32.max - 1

  /// No lines yet. `shapeLimit` kinds are told apart; `map` holds what is known from before.
  public init(shapeLimit: Int = LineFingerprints.defaultShapeLimit, map: ShapeMap = ShapeMap()) {
    self.shapeLimit = shapeLimit
    self.map = map
  }

  /// How many lines are in.
  public var count: Int { lines.count }
  /// How many kinds the scanner tells apart in them.
  public var shapeCount: Int { shapes.count }

  /// Adds the next line, without its line end. O(bytes).
  public func add(_ line: UnsafeBufferPointer<UInt8>) {
    guard scanner.scan(line) else {
      lines.append(Self.refused)
      return
    }
    let shape = scanner.shape
    lines.append(numbers[shape] ?? number(new: shape))
  }

  private func number(new shape: KeyHash) -> UInt32 {
    guard shapes.count < shapeLimit else { return Self.overflowed }
    let number = UInt32(shapes.count)
    let template = scanner.template()
    shapes.append((shape, template))
    numbers[shape] = number
    map.add(shape, template: template)
    return number
  }

  /// The templates of the kinds, and with each line which of them it has. Nil for a line whose personal data could not be taken out.
  ///
  /// - Parameters:
  ///   - prepare: called once for each kind, makes what `body` is given.
  ///   - body: called for each line in order.
  public func forEachLine<Prepared>(_ prepare: (RefinedTemplate) -> Prepared, _ body: (Prepared?) throws -> Void) rethrows {
    let refined = map.refined()
    let prepared = shapes.map { prepare(refined.template(of: $0.id, template: $0.template)) }
    let anything = prepare(RefinedTemplate.anything)
    for line in lines {
      switch line {
      case Self.refused: try body(nil)
      case Self.overflowed: try body(anything)
      default: try body(prepared[Int(line)])
      }
    }
  }
}
