internal import CScan
internal import Dataflow

extension JSONScanner {
  /// Reads the members of an object from the byte behind its brace. Answers with the index behind the closing brace, or ~index of a fault.
  func object(_ node: UnsafeMutablePointer<Node>, _ start: Int, depth: UInt32, _ batch: RecordBatch) -> Int {
    let json = self.json
    let text = json.pointee.text.unsafelyUnwrapped  // set for the document that is being read
    let count = json.pointee.count
    let marks = json.pointee.marks
    let row = state.pointee.row
    let document = state.pointee.document
    // Up to here a slot may be compared: its bytes are readable.
    let comparable = count &+ state.pointee.padding &- JSONLayout.slotBytes
    node.pointee.document = document
    var index = start
    var last = node.pointee.layout.start

    while true {
      var slot = last.pointee.next
      if index > comparable || !cscan_json_same(text + index, slot.pointee.text, slot.pointee.count) {
        if index <= comparable, let known = node.pointee.layout.find(text + index, isFirst: last == node.pointee.layout.start) {
          last.pointee.next = known
          slot = known
        } else {
          index = member(node, index, after: &last, depth: depth, batch)
          if index < 0 || last == node.pointee.layout.end { return index }
          continue
        }
      }
      index &+= slot.pointee.count
      if index >= count {
        // Bytes behind the text may have matched; the text then ends inside of a key.
        return index == count && slot.pointee.kind == .end ? index : ~count
      }
      let target = slot.pointee.target
      switch slot.pointee.kind {
      case .string where text[index] == UInt8(ascii: "\""):
        let first = index &+ 1
        let end = Int(cscan_json_next_mark(marks, first))
        if end < count, text[end] == UInt8(ascii: "\"") {
          target.pointee.values.assumingMemoryBound(to: ByteView.self)[row] = ByteView(base: text + first, count: end &- first)
          target.pointee.document = document
          index = end &+ 1
        } else {
          index = unusualString(target, first, mark: end, batch)
        }
      case .int:
        var number: Int64 = 0
        let end = Int(cscan_json_small_int(text, count, index, &number))
        if end > 0 {
          target.pointee.values.assumingMemoryBound(to: Int64.self)[row] = number
          // `bind` gave every int field null bytes.
          target.pointee.nulls.unsafelyUnwrapped[row] = 0
          target.pointee.document = document
          index = end
        } else {
          index = value(slot.pointee.child, of: node, index, depth: depth, batch)
        }
      case .skipped:
        index = cscan_json_skip(json, index, depth)
      case .end:
        return index
      default:
        index = value(slot.pointee.child, of: node, index, depth: depth, batch)
      }
      if index < 0 { return index }
      last = slot
    }
  }

  /// Reads a member, or the closing brace, by the grammar, and remembers it in `last`. Answers with the index behind it, or ~index of a fault.
  @inline(never)
  private func member(
    _ node: UnsafeMutablePointer<Node>, _ start: Int, after last: inout UnsafeMutablePointer<JSONLayout.Slot>, depth: UInt32,
    _ batch: RecordBatch
  ) -> Int {
    let text = json.pointee.text.unsafelyUnwrapped  // set for the document that is being read
    var name = 0..<0
    var isEscaped = false
    var isClosed = false
    let begin = key(start, isFirst: last == node.pointee.layout.start, name: &name, isEscaped: &isEscaped, isClosed: &isClosed)
    if begin < 0 { return begin }
    if isClosed {
      if start == begin - 1 { last.pointee.next = node.pointee.layout.end }
      last = node.pointee.layout.end
      return begin
    }
    let child = find(node, UnsafeBufferPointer(start: text + name.lowerBound, count: name.count), isEscaped)
    let (kind, target) = shortCut(child, of: node)
    last = node.pointee.layout.learn(text + start, begin - start, child: child, kind: kind, target: target, after: last)
    return child < 0 ? cscan_json_skip(json, begin, depth) : value(child, of: node, begin, depth: depth, batch)
  }

  /// Reads what stands between two values by the grammar. Answers with the index of the next value, or behind the closing brace
  /// (`isClosed`), or ~index of a fault.
  private func key(
    _ start: Int, isFirst: Bool, name: inout Range<Int>, isEscaped: inout Bool, isClosed: inout Bool
  ) -> Int {
    let text = json.pointee.text.unsafelyUnwrapped  // set for the document that is being read
    let count = json.pointee.count
    var index = Int(cscan_json_space(json, start))
    guard index < count else { return ~count }
    if text[index] == UInt8(ascii: "}") {
      isClosed = true
      return index + 1
    }
    if !isFirst {
      guard text[index] == UInt8(ascii: ",") else { return ~index }
      index = Int(cscan_json_space(json, index + 1))
      guard index < count else { return ~count }
    }
    guard text[index] == UInt8(ascii: "\"") else { return ~index }
    let nameEnd = cscan_json_string(json, index + 1, &isEscaped)
    if nameEnd < 0 { return nameEnd }
    name = index + 1..<nameEnd
    index = Int(cscan_json_space(json, nameEnd + 1))
    guard index < count else { return ~count }
    guard text[index] == UInt8(ascii: ":") else { return ~index }
    index = Int(cscan_json_space(json, index + 1))
    return index < count ? index : ~count
  }

  private func find(_ node: UnsafeMutablePointer<Node>, _ name: UnsafeBufferPointer<UInt8>, _ isEscaped: Bool) -> Int32 {
    if isEscaped {
      return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: name.count) { plain in
        // What is unescaped is never longer.
        let count = Int(cscan_json_unescape(name.baseAddress, name.count, plain.baseAddress))
        return find(node, UnsafeBufferPointer(start: plain.baseAddress, count: count), false)
      }
    }
    for index in 0..<node.pointee.count {
      let child = node.pointee.children + index
      guard child.pointee.keyCount == name.count else { continue }
      if UnsafeBufferPointer(start: child.pointee.key, count: name.count).elementsEqual(name) { return Int32(truncatingIfNeeded: index) }
    }
    return -1
  }

  /// How a child's value may be read, and where it then goes.
  private func shortCut(_ child: Int32, of node: UnsafeMutablePointer<Node>) -> (JSONLayout.Kind, UnsafeMutablePointer<Target>) {
    guard child >= 0 else { return (.skipped, targets) }
    let wanted = (node.pointee.children + Int(child)).pointee
    guard wanted.node < 0 && wanted.next < 0 else { return (.other, targets) }
    let target = targets + wanted.field
    return switch target.pointee.type {
    case .string: (.string, target)
    case .int: (.int, target)
    default: (.other, target)
    }
  }
}
