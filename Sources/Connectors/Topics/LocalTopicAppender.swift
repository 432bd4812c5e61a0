internal import Dataflow

/// Appends to a topic of kind `local`, one commit a call.
struct LocalTopicAppender: TopicAppender {
  let topic: LocalTopic
  let runtime: any Runtime

  func append(_ stages: [[UInt8]]) throws -> Int {
    try topic.append(runtime) { append in
      let count = try TopicStage.forEach(stages) { record, bytes in
        try append.append(bytes, timestamp: record.timestamp, to: append.partition(of: record.key))
      }
      guard let count else { preconditionFailure("bytes that are no stage were given to be appended") }
      return count
    }
  }
}
