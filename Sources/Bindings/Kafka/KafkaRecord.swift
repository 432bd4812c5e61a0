#if Kafka
internal import CRDKafka

/// A record as librdkafka fetched it. Its bytes are valid until its partition fetches or seeks again.
@frozen
public struct KafkaRecord {
  /// Its place in the partition.
  public let offset: Int64
  /// Milliseconds since 1970; -1 when it has none.
  public let timestamp: Int64
  /// Null and empty are two things.
  public let key: UnsafePointer<UInt8>?
  /// Bytes of the key.
  public let keyCount: Int
  /// Null and empty are two things.
  public let value: UnsafePointer<UInt8>?
  /// Bytes of the value.
  public let valueCount: Int
  /// What `KafkaPartition.headers` takes; nil when there are none.
  public let headers: OpaquePointer?

  @inline(__always)
  init(_ message: UnsafeMutablePointer<rd_kafka_message_t>) {
    offset = message.pointee.offset
    timestamp = rd_kafka_message_timestamp(message, nil)
    key = UnsafeRawPointer(message.pointee.key)?.assumingMemoryBound(to: UInt8.self)
    keyCount = message.pointee.key_len
    value = UnsafeRawPointer(message.pointee.payload)?.assumingMemoryBound(to: UInt8.self)
    valueCount = message.pointee.len
    var list: OpaquePointer?
    headers = rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR ? list : nil
  }
}

extension KafkaRecord {
  /// The headers in order: name, and value or nil. Empty when there are none.
  public func forEachHeader(_ body: (_ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>?) -> Void) {
    guard let headers else { return }
    var index = 0
    var name: UnsafePointer<CChar>?
    var value: UnsafeRawPointer?
    var count = 0
    while rd_kafka_header_get_all(headers, index, &name, &value, &count) == RD_KAFKA_RESP_ERR_NO_ERROR, let text = name {
      text.withMemoryRebound(to: UInt8.self, capacity: 1) { text in
        var length = 0
        while text[length] != 0 { length += 1 }
        body(
          UnsafeBufferPointer(start: text, count: length),
          value.map { UnsafeBufferPointer(start: $0.assumingMemoryBound(to: UInt8.self), count: count) })
      }
      index += 1
    }
  }
}
#endif
