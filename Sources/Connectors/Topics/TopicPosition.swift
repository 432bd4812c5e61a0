internal import Dataflow

/// How far a partition was read, as it stands in a checkpoint.
struct TopicPosition: Equatable {
  var topic: String
  var partition: Int
  /// The id of the topic that the offset belongs to; nil before there was one.
  var id: UInt64?
  /// Of the last record that was read, where ids alone do not tell one topic from another.
  var mark: TopicMark?
  /// Of the record that comes next.
  var offset: Int64

  /// The split's name.
  static func name(_ topic: String, _ partition: Int) -> String { "\(topic)/\(partition)" }

  var encoded: SplitPosition {
    var state: [UInt8] = []
    state.append(integer: UInt8((id == nil ? 0 : 1) | (mark == nil ? 0 : 2)))
    state.append(integer: id ?? 0)
    if let mark {
      state.append(integer: mark.offset)
      state.append(integer: mark.hash)
    }
    state.append(integer: offset)
    return SplitPosition(name: Self.name(topic, partition), state: state)
  }

  init(topic: String, partition: Int, id: UInt64?, mark: TopicMark? = nil, offset: Int64) {
    self.topic = topic
    self.partition = partition
    self.id = id
    self.mark = mark
    self.offset = offset
  }

  /// - Throws: `SourceError` for a position that no topic source wrote.
  init(_ position: SplitPosition) throws {
    let parts = position.name.split(separator: "/")
    let decoded = try? position.state.withUnsafeBytes { bytes -> (UInt64?, TopicMark?, Int64)? in
      var reader = ByteReader(bytes)
      let flags = try reader.integer(UInt8.self)
      let id = try reader.integer(UInt64.self)
      let mark = flags & 2 == 0 ? nil : TopicMark(offset: try reader.integer(), hash: try reader.integer())
      let offset = try reader.integer(Int64.self)
      return reader.isAtEnd ? (flags & 1 == 0 ? nil : id, mark, offset) : nil
    }
    guard parts.count == 2, let partition = Int(parts[1]), let (id, mark, offset) = decoded, offset >= 0 else {
      throw SourceError("the checkpoint's position of \"\(position.name)\" is not that of a topic's partition")
    }
    self.init(topic: String(parts[0]), partition: partition, id: id, mark: mark, offset: offset)
  }
}
