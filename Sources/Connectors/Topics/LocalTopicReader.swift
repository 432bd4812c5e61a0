internal import Dataflow

/// Reads a topic of kind `local`. Any number of readers at once, beside a writer in any process.
final class LocalTopicReader: TopicReader {
  private let topic: LocalTopic
  private var commit: TopicCommit?
  private var cursors: [Int: LocalPartitionCursor] = [:]

  init(_ topic: LocalTopic) { self.topic = topic }

  var id: UInt64? { commit?.id }
  var partitions: Int { commit?.ends.count ?? 0 }

  func refresh() throws {
    do {
      let next = try topic.commit()
      // Under a new id all files are others.
      if next?.id != commit?.id { cursors = [:] }
      commit = next
    } catch let error as FileError {
      throw SourceError(error.description, isTransient: true)
    }
  }

  func end(_ partition: Int) -> Int64 {
    guard let commit, commit.ends.indices.contains(partition) else { return 0 }
    return commit.ends[partition].offset
  }

  func start(_ partition: Int) throws -> Int64 {
    do {
      let bases = TopicSegment.bases(try topic.files.list(topic.partitionFolder(partition)))
      return min(bases.first ?? end(partition), end(partition))
    } catch let error as FileError {
      throw SourceError(error.description, isTransient: true)
    }
  }

  func read(_ partition: Int, from offset: Int64, below limit: Int64, into batch: RecordBatch) throws -> Int64 {
    guard let commit, commit.ends.indices.contains(partition) else { return offset }
    let cursor = cursors[partition] ?? LocalPartitionCursor(topic, id: commit.id, partition: partition)
    cursors[partition] = cursor
    do {
      return try cursor.read(from: offset, below: limit, commit.ends[partition], into: batch)
    } catch let error as FileError {
      throw SourceError(error.description, isTransient: true)
    }
  }

  func close() { cursors = [:] }
}
