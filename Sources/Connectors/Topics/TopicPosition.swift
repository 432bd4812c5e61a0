internal import Dataflow

/// How far a partition was read, as it stands in a checkpoint.
struct TopicPosition: Equatable {
  var topic: String
  var partition: Int
  /// The id of the topic that the offset belongs to; nil before there was one.
  var id: UInt64?
  /// Of the record that comes next.
  var offset: Int64

  /// The split's name.
  static func name(_ topic: String, _ partition: Int) -> String { "\(topic)/\(partition)" }

  var encoded: SplitPosition {
    var state: [UInt8] = []
    state.append(integer: UInt8(id == nil ? 0 : 1))
    state.append(integer: id ?? 0)
    state.append(integer: offset)
    return SplitPosition(name: Self.name(topic, partition), state: state)
  }

  init(topic: String, partition: Int, id: UInt64?, offset: Int64) {
    self.topic = topic
    self.partition = partition
    self.id = id
    self.offset = offset
  }

  /// - Throws: `SourceError` for a position that no topic source wrote.
  init(_ position: SplitPosition) throws {
    let parts = position.name.split(separator: "/")
    let decoded = try? position.state.withUnsafeBytes { bytes -> (Bool, UInt64, Int64)? in
      var reader = ByteReader(bytes)
      let values = (try reader.integer(UInt8.self) != 0, try reader.integer(UInt64.self), try reader.integer(Int64.self))
      return reader.isAtEnd ? values : nil
    }
    guard parts.count == 2, let partition = Int(parts[1]), let (hasID, id, offset) = decoded, offset >= 0 else {
      throw SourceError("the checkpoint's position of \"\(position.name)\" is not that of a topic's partition")
    }
    self.init(topic: String(parts[0]), partition: partition, id: hasID ? id : nil, offset: offset)
  }
}
