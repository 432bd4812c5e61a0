internal import CScan
internal import Dataflow

extension JSONScanner {
  /// Reads the members of an object from the byte behind its brace. Answers with the index behind the closing brace, or ~index of a fault.
  func object(_ node: UnsafeMutablePointer<Node>, _ start: Int, depth: UInt32, _ batch: RecordBatch) -> Int {
    let json = self.json
    let text = json.pointee.text!  // set for the document that is being read
    let count = json.pointee.count
    let marks = json.pointee.marks
    let state = self.state
    let row = state.pointee.row
    let document = state.pointee.document
    let readable = count &+ state.pointee.padding
    node.pointee.document = document
    var index = start
    var slot = 0
    var isFirst = true

    while true {
      if index < count, text[index] == UInt8(ascii: "}") { return index &+ 1 }
      let child: Int
      let known = node.pointee.layout.match(text + index, count &- index, readable: readable &- index, from: slot, isFirst: isFirst)
      if known >= 0 {
        let found = node.pointee.layout.slots + known
        child = found.pointee.child
        index &+= found.pointee.count
        slot = known &+ 1
      } else {
        switch key(node, index, isFirst: isFirst, slot: &slot) {
        case .end(let end): return end
        case .member(let found, let value):
          child = found
          index = value
        }
      }
      isFirst = false

      if child < 0 {
        index = cscan_json_skip(json, index, depth)
        if index < 0 { return index }
        continue
      }
      let wanted = node.pointee.children + child
      if wanted.pointee.isSingle {
        let target = targets + wanted.pointee.field
        switch target.pointee.type {
        case .string where index < count && text[index] == UInt8(ascii: "\""):
          let first = index &+ 1
          let end = Int(cscan_json_next_mark(marks, first))
          if end < count, text[end] == UInt8(ascii: "\"") {
            target.pointee.values.assumingMemoryBound(to: ByteView.self)[row] = ByteView(base: text + first, count: end &- first)
            target.pointee.document = document
            index = end &+ 1
            continue
          }
        case .int:
          var value: Int64 = 0
          let end = Int(cscan_json_small_int(json, index, &value))
          if end > 0 {
            target.pointee.values.assumingMemoryBound(to: Int64.self)[row] = value
            // `bind` gave every int field null bytes.
            target.pointee.nulls.unsafelyUnwrapped[row] = 0
            target.pointee.document = document
            index = end
            continue
          }
        default: break
        }
      }
      index = value(wanted, index, depth: depth, batch)
      if index < 0 { return index }
    }
  }

  private enum Key {
    /// The index behind the closing brace, or ~index of a fault.
    case end(Int)
    case member(child: Int, value: Int)
  }

  /// Reads what stands between two values by the grammar, and remembers it.
  @inline(never)
  private func key(_ node: UnsafeMutablePointer<Node>, _ start: Int, isFirst: Bool, slot: inout Int) -> Key {
    let text = json.pointee.text!  // set for the document that is being read
    let count = json.pointee.count
    var index = Int(cscan_json_space(json, start))
    guard index < count else { return .end(~count) }
    if text[index] == UInt8(ascii: "}") { return .end(index + 1) }
    if !isFirst {
      guard text[index] == UInt8(ascii: ",") else { return .end(~index) }
      index = Int(cscan_json_space(json, index + 1))
      guard index < count else { return .end(~count) }
    }
    guard text[index] == UInt8(ascii: "\"") else { return .end(~index) }
    let name = index + 1
    var isEscaped = false
    let nameEnd = cscan_json_string(json, name, &isEscaped)
    if nameEnd < 0 { return .end(nameEnd) }
    index = Int(cscan_json_space(json, nameEnd + 1))
    guard index < count else { return .end(~count) }
    guard text[index] == UInt8(ascii: ":") else { return .end(~index) }
    index = Int(cscan_json_space(json, index + 1))

    let child = find(node, UnsafeBufferPointer(start: text + name, count: nameEnd - name), isEscaped)
    slot = node.pointee.layout.learn(text + start, index - start, child: child, at: slot, isFirst: isFirst)
    return .member(child: child, value: index)
  }

  private func find(_ node: UnsafeMutablePointer<Node>, _ name: UnsafeBufferPointer<UInt8>, _ isEscaped: Bool) -> Int {
    if isEscaped {
      return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: name.count) { plain in
        // The temporary has room for `name.count` bytes, which an escaped name always exceeds when unescaped.
        let count = Int(cscan_json_unescape(name.baseAddress, name.count, plain.baseAddress))
        return find(node, UnsafeBufferPointer(start: plain.baseAddress, count: count), false)
      }
    }
    for index in 0..<node.pointee.count {
      let child = node.pointee.children + index
      guard child.pointee.keyCount == name.count else { continue }
      if UnsafeBufferPointer(start: child.pointee.key, count: name.count).elementsEqual(name) { return index }
    }
    return -1
  }
}
