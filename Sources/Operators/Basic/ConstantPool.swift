internal import Dataflow

/// Texts that an operator writes into many rows, kept in one block that its batches retain.
struct ConstantPool {
  let block: MemoryBlock
  /// One view a text, in the order given; valid as long as `block` lives. Empty texts are empty views, not null.
  let views: [ByteView]

  init(_ texts: [String]) {
    // One byte more, so that even an empty text has an address inside of the block.
    let block = MemoryBlock(minimum: texts.reduce(1) { $0 + $1.utf8.count })
    var used = 0
    views = texts.map { text in
      var text = text
      return text.withUTF8 { bytes in
        let start = block.base + used
        if let source = bytes.baseAddress { start.update(from: source, count: bytes.count) }
        used += bytes.count
        return ByteView(base: start, count: bytes.count)
      }
    }
    self.block = block
  }
}
