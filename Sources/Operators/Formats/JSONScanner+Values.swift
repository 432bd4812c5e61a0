internal import CScan
internal import Dataflow

extension JSONScanner {
  /// Reads a wanted value of any kind. Answers with the index behind it, or ~index of a fault.
  @inline(never)
  func value(_ index: Int32, of node: UnsafeMutablePointer<Node>, _ start: Int, depth: UInt32, _ batch: RecordBatch) -> Int {
    let child = node.pointee.children + Int(index)
    let text = json.pointee.text.unsafelyUnwrapped  // set for the document that is being read
    let begin = Int(cscan_json_space(json, start))
    guard begin < json.pointee.count else { return ~json.pointee.count }
    let end: Int
    if child.pointee.node >= 0 {
      let inner = nodes + child.pointee.node
      // The same object again: what the first one said no longer counts.
      if inner.pointee.document == state.pointee.document { forget(inner) }
      if text[begin] == UInt8(ascii: "{") {
        end = object(inner, begin + 1, depth: depth + 1, batch)
      } else {
        end = cscan_json_skip(json, begin, depth)
        if text[begin] != UInt8(ascii: "n") { refuse(firstField(inner)) }
      }
    } else {
      end = cscan_json_skip(json, begin, depth)
    }
    if end < 0 { return end }
    var field = child.pointee.field
    while field >= 0 {
      store(field, UnsafeBufferPointer(start: text + begin, count: end - begin), batch)
      field = targets[field].next
    }
    return end
  }

  /// Reads a wanted string whose first mark is not its end: it has escapes, or a fault.
  @inline(never)
  func unusualString(_ target: UnsafeMutablePointer<Target>, _ first: Int, mark: Int, _ batch: RecordBatch) -> Int {
    var isEscaped = false
    let end = cscan_json_string_rest(json, mark, &isEscaped)
    if end < 0 { return end }
    let copy = batch.allocate(end - first)
    let count = Int(cscan_json_unescape(json.pointee.text + first, end - first, copy))
    target.pointee.values.assumingMemoryBound(to: ByteView.self)[state.pointee.row] = ByteView(base: copy, count: count)
    target.pointee.document = state.pointee.document
    return end + 1
  }

  /// Writes a value whose text has passed the grammar.
  private func store(_ field: Int, _ value: UnsafeBufferPointer<UInt8>, _ batch: RecordBatch) {
    let target = targets + field
    let row = state.pointee.row
    let first = value[0]
    if first == UInt8(ascii: "n") {
      target.pointee.document = 0
      return
    }
    switch target.pointee.type {
    case .json:
      target.pointee.values.assumingMemoryBound(to: ByteView.self)[row] = ByteView(base: value.baseAddress, count: value.count)
    case .string:
      guard first == UInt8(ascii: "\"") else { return refuse(field) }
      target.pointee.values.assumingMemoryBound(to: ByteView.self)[row] = string(
        UnsafeBufferPointer(rebasing: value[1..<value.count - 1]), batch)
    case .int:
      guard Self.isNumber(first), let number = JSONNumber.int64(value) else { return refuse(field) }
      target.pointee.values.assumingMemoryBound(to: Int64.self)[row] = number
    case .double:
      guard Self.isNumber(first), let number = JSONNumber.double(value) else { return refuse(field) }
      target.pointee.values.assumingMemoryBound(to: Double.self)[row] = number
    case .bool:
      guard first == UInt8(ascii: "t") || first == UInt8(ascii: "f") else { return refuse(field) }
      target.pointee.values.assumingMemoryBound(to: Bool.self)[row] = first == UInt8(ascii: "t")
    }
    target.pointee.nulls?[row] = 0
    target.pointee.document = state.pointee.document
  }

  private static func isNumber(_ first: UInt8) -> Bool {
    first == UInt8(ascii: "-") || first &- UInt8(ascii: "0") <= 9
  }

  /// The characters of a string, given what stands between its quotes: a view, or a copy when there are escapes.
  private func string(_ content: UnsafeBufferPointer<UInt8>, _ batch: RecordBatch) -> ByteView {
    guard content.contains(UInt8(ascii: "\\")) else { return ByteView(base: content.baseAddress, count: content.count) }
    let copy = batch.allocate(content.count)
    return ByteView(base: copy, count: Int(cscan_json_unescape(content.baseAddress, content.count, copy)))
  }

  private func refuse(_ field: Int) {
    if state.pointee.wrongField < 0 { state.pointee.wrongField = field }
  }

  /// Makes all fields inside an object absent again.
  private func forget(_ node: UnsafeMutablePointer<Node>) {
    for index in 0..<node.pointee.count {
      let child = node.pointee.children + index
      var field = child.pointee.field
      while field >= 0 {
        targets[field].document = 0
        field = targets[field].next
      }
      if child.pointee.node >= 0 { forget(nodes + child.pointee.node) }
    }
  }

  private func firstField(_ node: UnsafeMutablePointer<Node>) -> Int {
    // Every object of a projection leads to a field.
    let child = node.pointee.children
    return child.pointee.field >= 0 ? child.pointee.field : firstField(nodes + child.pointee.node)
  }
}
