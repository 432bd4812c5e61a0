internal import Dataflow

/// Appends to a topic of kind `local`, one commit a call. Marks are ledger rows, so they are published with the records.
struct LocalTopicAppender: TopicAppender {
  let topic: LocalTopic
  let runtime: any Runtime

  func append(_ stages: [[UInt8]]) throws -> Int {
    try topic.append(runtime) { append in try Self.write(stages, &append) }
  }

  func append(owner: String, _ body: ([String: UInt64]) throws -> (stages: [[UInt8]], marks: [String: UInt64])) throws -> Int {
    try topic.append(runtime) { append in
      var marks: [String: UInt64] = [:]
      for (writer, row) in append.commit.ledger where writer.job == owner { marks[writer.sink] = row.epoch }
      let (stages, changed) = try body(marks)
      for (name, value) in changed { append.setRow(TopicCommit.Writer(job: owner, sink: name), LedgerRow(generation: 1, epoch: value)) }
      return try Self.write(stages, &append)
    }
  }

  private static func write(_ stages: [[UInt8]], _ append: inout TopicAppend) throws -> Int {
    let count = try TopicStage.forEach(stages) { record, bytes in
      try append.append(bytes, timestamp: record.timestamp, to: record.partition ?? append.partition(of: record.key))
    }
    guard let count else { preconditionFailure("bytes that are no stage were given to be appended") }
    return count
  }
}
