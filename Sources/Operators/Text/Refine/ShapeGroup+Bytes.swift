internal import Dataflow

extension ShapeGroup {
  func encode(into bytes: inout [UInt8]) {
    bytes.append(integer: UInt8(shapes.count))
    for shape in shapes {
      bytes.append(integer: shape.id.high)
      bytes.append(integer: shape.id.low)
      bytes.append(integer: shape.count)
      bytes.append(counted: shape.template)
    }
    bytes.append(integer: UInt8(general == nil ? 0 : general?.full == nil ? 1 : 2))
    guard let general else { return }
    bytes.append(integer: general.count)
    bytes.append(counted: general.folded)
    if let full = general.full { bytes.append(counted: full) }
  }

  init(from reader: inout ByteReader) throws {
    var shapes: [Shape] = []
    for _ in 0..<(try reader.integer(UInt8.self)) {
      let id = KeyHash(high: try reader.integer(), low: try reader.integer())
      let count = try reader.integer(UInt64.self)
      shapes.append(Shape(id: id, template: try reader.counted(), count: count))
    }
    let form = try reader.integer(UInt8.self)
    guard form <= 2, shapes.count <= Self.limit, zip(shapes, shapes.dropFirst()).allSatisfy({ $0.id < $1.id }) else {
      throw StateFormatError("a group of shapes was expected")
    }
    guard form > 0 else {
      self.init(shapes: shapes, general: nil)
      return
    }
    let count = try reader.integer(UInt64.self)
    let folded = try reader.counted()
    self.init(shapes: shapes, general: General(folded: folded, full: form == 2 ? try reader.counted() : nil, count: count))
  }
}
