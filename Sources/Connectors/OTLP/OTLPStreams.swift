internal import Dataflow

/// Who speaks in a request of OTLP/JSON: a hash of each of its resources, as they are written.
enum OTLPStreams {
  /// Of a text that was accepted; nothing for any other.
  static func hashes(_ content: [UInt8]) -> [UInt64] {
    // 64 readable bytes behind the text, for the scanner.
    var padded = content
    padded.append(contentsOf: repeatElement(0, count: 64))
    return padded.withUnsafeBufferPointer { bytes in
      let text = OTLPText()
      guard text.load(UnsafeBufferPointer(start: bytes.baseAddress, count: content.count)) == nil, var index = text.object(text.root) else {
        return []
      }
      var hashes: [UInt64] = []
      while let signal = text.next(&index) {
        if var item = text.array(signal.value) {
          while let group = text.nextItem(&item) {
            hashes.append(hash(of: group, text))
            item = text.end(of: group)
          }
        }
        index = text.end(of: signal.value)
      }
      return hashes
    }
  }

  /// Of the resource of a group; groups without one are all the same.
  private static func hash(of group: Int, _ text: OTLPText) -> UInt64 {
    guard var index = text.object(group) else { return 0 }
    while let member = text.next(&index) {
      if member.is("resource") {
        let raw = text.raw(member.value)
        var hasher = KeyHasher()
        hasher.combine(raw.baseAddress, raw.count)
        return hasher.finish().high
      }
      index = text.end(of: member.value)
    }
    return 0
  }
}
