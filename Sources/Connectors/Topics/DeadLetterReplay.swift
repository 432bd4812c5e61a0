package import Dataflow

/// Puts dead letters back where they came from, each once however often it is asked to.
///
/// How far the letters of each stage and reason were put back stands in the target topic, and is written together with them. So a replay that is
/// killed goes on where it was, and one that is run again finds nothing to do; letters that a filter left out wait for a later one.
package struct DeadLetterReplay {
  /// The owner of the marks in the target topic.
  private static let owner = "dlq replay"
  /// Letters are put back in portions of about this many bytes.
  private static let portion = 8 << 20

  /// What became of the letters.
  package struct Result: Sendable, Equatable {
    /// Put back now.
    package var replayed = 0
    /// Put back by an earlier replay.
    package var before = 0
    /// Left alone, because they came from no topic and no target was named, or because their bytes were not kept.
    package var homeless = 0
  }

  private let letters: DeadLetterTopic
  private let target: String?
  private let runtime: any Runtime
  private let isWanted: (DeadLetter) -> Bool

  /// - Parameters:
  ///   - target: where all letters go; nil puts each into the topic it came from.
  ///   - isWanted: which letters to put back.
  package init(
    _ letters: DeadLetterTopic, to target: String? = nil, runtime: any Runtime,
    where isWanted: @escaping (DeadLetter) -> Bool = { _ in true }
  ) {
    self.letters = letters
    self.target = target
    self.runtime = runtime
    self.isWanted = isWanted
  }

  /// Replays. Nil when there is no such topic. Throws `TopicError`, `SourceError`, `FileError`.
  package func run() throws -> Result? {
    var result = Result()
    var waiting: [String: [DeadLetter]] = [:]
    var bytes = 0
    // The marks name the topic by its id too: a topic that was made anew has letters of its own.
    let reader = try letters.client.makeReader(letters.name)
    try reader.refresh()
    guard let id = reader.id else { return nil }
    reader.close()
    func flush() throws {
      for (topic, list) in waiting.sorted(by: { $0.key < $1.key }) { try put(list, into: topic, id, &result) }
      (waiting, bytes) = ([:], 0)
    }
    _ = try letters.forEach { letter in
      guard isWanted(letter) else { return }
      guard let topic = target ?? letter.origin?.topic, let content = letter.bytes else {
        result.homeless += 1
        return
      }
      waiting[topic, default: []].append(letter)
      bytes += content.count
      if bytes >= Self.portion { try flush() }
    }
    try flush()
    return result
  }

  private func put(_ list: [DeadLetter], into topic: String, _ id: UInt64, _ result: inout Result) throws {
    let appender = try letters.client.makeAppender(topic, runtime)
    let originals = Originals(letters.client)
    var before = 0
    let count = try appender.append(owner: Self.owner) { marks in
      var (stage, changed) = (TopicStage.signature, [String: UInt64]())
      before = 0
      for letter in list {
        let mark = "\(letters.name)#\(String(id, radix: 16))/\(letter.partition)/\(letter.stage)/\(letter.reason)"
        guard UInt64(letter.position) >= changed[mark] ?? marks[mark] ?? 0 else {
          before += 1
          continue
        }
        try originals.append(letter, to: &stage)
        changed[mark] = UInt64(letter.position) + 1
      }
      return (changed.isEmpty ? [] : [stage], changed)
    }
    result.replayed += count
    result.before += before
  }
}

/// Finds what a dead letter does not keep: the key and the headers of the record it was, as long as that is there.
private final class Originals {
  private let client: any TopicClient
  private var readers: [String: any TopicReader] = [:]
  private let text = OTLPText()

  init(_ client: any TopicClient) { self.client = client }

  /// Appends the record to the stage.
  func append(_ letter: DeadLetter, to stage: inout [UInt8]) throws {
    let bytes = letter.bytes ?? []
    let batch = RecordBatch(schema: TopicColumns.schema)
    let isFound = try find(letter, bytes, into: batch)
    let key = isFound ? batch.bytes(TopicColumns.key)[0] : .null
    let time = isFound ? batch.times[0] : letter.timestamp
    let start = TopicRecord.begin(timestamp: time, key: key, to: &stage)
    stage.append(contentsOf: bytes)
    let headers = isFound ? TopicHeaders.parse(batch.bytes(TopicColumns.headers)[0], text) : []
    for header in headers {
      let value = header.value ?? []
      value.withUnsafeBufferPointer { buffer in
        // An empty array has no address, and no address is null.
        let view =
          header.value == nil ? ByteView.null : ByteView(base: buffer.baseAddress ?? UnsafePointer(batch.allocate(1)), count: value.count)
        TopicRecord.append(header: header.name, view, to: &stage)
      }
    }
    TopicRecord.finish(start, valueCount: bytes.count, headers: headers.count, in: &stage)
  }

  /// Reads the record that the letter was into an empty batch. False when it is gone, or another stands in its place.
  private func find(_ letter: DeadLetter, _ bytes: [UInt8], into batch: RecordBatch) throws -> Bool {
    guard let origin = letter.origin, let offset = letter.offset else { return false }
    let reader = try readers[origin.topic] ?? client.makeReader(origin.topic)
    readers[origin.topic] = reader
    if reader.id == nil { try reader.refresh() }
    guard origin.partition < reader.partitions, offset < reader.end(origin.partition), offset >= (try reader.start(origin.partition)) else {
      return false
    }
    _ = try reader.readWaiting(origin.partition, from: offset, below: offset + 1, into: batch)
    return batch.count == 1 && batch.bytes(TopicColumns.value)[0].buffer.elementsEqual(bytes)
  }
}
