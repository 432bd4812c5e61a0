internal import Dataflow

/// A record of a dead-letter topic: the bytes that were refused, and in its headers by whom, why and where they stood.
package struct DeadLetter: Sendable, Equatable {
  /// The headers that the format `dead-letter` writes: fields of error records.
  static let headers = ["operator", "reason", "detail", "source", "offset"]

  /// Where it lies in the dead-letter topic.
  package var partition: Int
  package var position: Int64
  /// When the record happened, in nanoseconds since 1970, or `RecordBatch.noTime`.
  package var timestamp: Int64
  /// The stage that refused it.
  package var stage: String
  package var reason: String
  /// The error for people; it names the schema where there is one.
  package var detail: String
  /// The split it came from: `topic/partition`, or a file.
  package var source: String
  /// Its offset there.
  package var offset: Int64?
  /// Its bytes as they were read; nil when there were none.
  package var bytes: [UInt8]?

  /// The topic and partition it came from; nil when it came from something else.
  package var origin: (topic: String, partition: Int)? {
    let parts = source.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, TopicConnections.isName(parts[0]), let partition = Int(parts[1]) else { return nil }
    return (String(parts[0]), partition)
  }
}

/// Reads dead letters from a topic that a sink of format `dead-letter` writes.
package struct DeadLetterTopic: Sendable {
  package let client: any TopicClient
  package let name: String

  /// The topic of that name.
  package init(_ client: any TopicClient, _ name: String) {
    self.client = client
    self.name = name
  }

  /// Calls the body with each dead letter, partition by partition, oldest first. Records that are none are counted.
  ///
  /// - Returns: the topic's id, and how many records were no dead letters; nil when there is no such topic.
  /// - Throws: `TopicError`, `SourceError`, and what the body throws.
  package func forEach(_ body: (DeadLetter) throws -> Void) throws -> (id: UInt64, others: Int)? {
    let reader = try client.makeReader(name)
    defer { reader.close() }
    try reader.refresh()
    guard let id = reader.id else { return nil }
    let text = OTLPText()
    var others = 0
    for partition in 0..<reader.partitions {
      var next = try reader.start(partition)
      while next < reader.end(partition) {
        let batch = RecordBatch(schema: TopicColumns.schema)
        let after = try reader.readWaiting(partition, from: next, below: .max, into: batch)
        guard after > next else { break }
        for row in 0..<batch.count {
          if let letter = Self.letter(batch, row, partition, text) { try body(letter) } else { others += 1 }
        }
        next = after
      }
    }
    return (id, others)
  }

  private static func letter(_ batch: RecordBatch, _ row: Int, _ partition: Int, _ text: OTLPText) -> DeadLetter? {
    var headers: [String: String] = [:]
    for (name, value) in TopicHeaders.parse(batch.bytes(TopicColumns.headers)[row], text) {
      if let value { headers[String(decoding: name, as: UTF8.self)] = String(decoding: value, as: UTF8.self) }
    }
    guard let stage = headers["operator"], let reason = headers["reason"] else { return nil }
    let value = batch.bytes(TopicColumns.value)[row]
    return DeadLetter(
      partition: partition, position: batch.offsets[row], timestamp: batch.times[row], stage: stage, reason: reason,
      detail: headers["detail"] ?? "", source: headers["source"] ?? "", offset: headers["offset"].flatMap { Int64($0) },
      bytes: value.isNull ? nil : Array(value.buffer))
  }
}

/// Headers as a topic source gives them: a JSON object of texts.
enum TopicHeaders {
  /// The names and values, in order; nil for null. Nothing when there are none.
  static func parse(_ headers: ByteView, _ text: OTLPText) -> [(name: [UInt8], value: [UInt8]?)] {
    guard !headers.isNull, text.load(headers.buffer) == nil, var index = text.object(text.root) else { return [] }
    var list: [(name: [UInt8], value: [UInt8]?)] = []
    while let member = text.next(&index) {
      list.append((Array(member.key), text.content(member.value).map { plain($0.bytes, text) }))
      index = text.end(of: member.value)
    }
    return list
  }

  private static func plain(_ content: UnsafeBufferPointer<UInt8>, _ text: OTLPText) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: content.count) { target, count in
      count = target.baseAddress.map { text.unescape(content, into: $0) } ?? 0
    }
  }
}
