#if Kafka
internal import Dataflow
internal import Kafka

/// Staged records on their way to a topic.
enum KafkaRows {
  /// Queues all records of the stages. Returns their number, or nil for bytes that are no stage. Throws `KafkaError`.
  static func send(_ stages: [[UInt8]], to topic: KafkaProducer.Topic, _ producer: KafkaProducer) throws -> Int? {
    var sent = 0
    return try TopicStage.forEach(stages) { record, _ in
      var headers: KafkaProducer.Headers = []
      if record.headerCount > 0 {
        headers = (record.headers ?? []).map { ($0.name.buffer, $0.value.isNull ? nil : $0.value.buffer) }
      }
      try producer.send(
        topic, partition: record.partition, key: record.key.buffer, value: record.value.buffer, timestamp: milliseconds(record.timestamp),
        headers: headers)
      sent += 1
      // Acknowledgements are served now and then, so that the queue does not fill up with them.
      if sent % 1000 == 0 { producer.poll() }
    }
  }

  /// Kafka counts milliseconds from 1970 on, and takes 0 for now: records from before are given its first millisecond.
  private static func milliseconds(_ time: Int64) -> Int64 { time == RecordBatch.noTime ? 0 : max(1, time / 1_000_000) }
}
#endif
