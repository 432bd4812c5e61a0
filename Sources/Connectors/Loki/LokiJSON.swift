internal import Dataflow

/// Reads a push in JSON: `{"streams":[{"stream":{"app":"x"},"values":[["1700000000000000000","line",{"trace_id":"…"}]]}]}`.
enum LokiJSON {
  /// What the spool keeps; nil when there were no entries.
  ///
  /// - Throws: `PushRejection`, which says where it goes wrong.
  static func kept(_ body: [UInt8]) throws(PushRejection) -> [UInt8]? {
    let document = OTLPDocument(body)
    let text = OTLPText()
    if let position = text.load(document.content) { throw bad("the body is no JSON: it goes wrong at byte \(position)") }
    guard let list = text.find("streams", in: text.root), var index = text.array(list) else {
      throw bad("the body has no list of streams")
    }
    var streams = LokiStreams()
    while let stream = text.nextItem(&index) {
      try read(stream, text, &streams)
      index = text.end(of: stream)
    }
    return streams.end()
  }

  private static func read(_ stream: Int, _ text: OTLPText, _ streams: inout LokiStreams) throws(PushRejection) {
    guard let labels = text.find("stream", in: stream), let values = text.find("values", in: stream), var index = text.array(values) else {
      throw bad("a stream has no labels \"stream\" or no list \"values\"")
    }
    streams.beginStream()
    guard pairs(labels, text, { streams.label($0, $1) }) else { throw bad("the labels of a stream are not an object of texts") }
    streams.beginEntries()
    while let entry = text.nextItem(&index) {
      try read(entry: entry, text, &streams)
      index = text.end(of: entry)
    }
  }

  private static func read(entry: Int, _ text: OTLPText, _ streams: inout LokiStreams) throws(PushRejection) {
    func next(_ index: inout Int) -> Int? {
      guard let item = text.nextItem(&index) else { return nil }
      index = text.end(of: item)
      return item
    }
    guard var index = text.array(entry), let time = next(&index), text.content(time) != nil, let nanoseconds = text.integer(time) else {
      throw bad("entry \(streams.count) does not begin with a time: nanoseconds since 1970, as a text")
    }
    guard let line = next(&index), text.content(line) != nil else { throw bad("entry \(streams.count) has no line") }
    streams.beginEntry()
    if let metadata = next(&index) {
      guard pairs(metadata, text, { streams.metadata($0, $1) }) else {
        throw bad("the structured metadata of entry \(streams.count) is not an object of texts")
      }
      guard next(&index) == nil else { throw bad("entry \(streams.count) has more than a time, a line and metadata") }
    }
    streams.endEntry(time: nanoseconds) { $0.body(rawString: text.raw(line)) }
  }

  /// Hands over the members of an object of texts; false when it is something else.
  private static func pairs(
    _ value: Int, _ text: OTLPText, _ body: (UnsafeBufferPointer<UInt8>, UnsafeBufferPointer<UInt8>) -> Void
  ) -> Bool {
    guard var index = text.object(value) else { return false }
    while let member = text.next(&index) {
      guard text.withString(member.value, { body(member.key, $0) }) != nil else { return false }
      index = text.end(of: member.value)
    }
    return true
  }

  private static func bad(_ why: String) -> PushRejection { PushRejection(.badRequest, why) }
}
