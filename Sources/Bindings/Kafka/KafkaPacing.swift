#if Kafka
internal import CRDKafka
internal import Glibc
internal import Synchronization

/// Lets a consumer rest whose broker answers at once that there is nothing.
///
/// Kafka keeps a request for records until some come or `fetch.wait.max.ms` is over. Some brokers of its protocol do not, and librdkafka asks again at
/// once: tens of thousands of times a second, on both sides. An answer that comes at once and is as long as the ten before it is such an answer.
package final class KafkaPacing: Sendable {
  private struct Seen {
    var size = 0
    var times = 0
  }
  private let seen = Mutex(Seen())

  package init() {}

  private static let fetch: Int16 = 1
  /// Longer answers hold records.
  private static let longestEmpty = 4096
  /// Microseconds within which no broker that waits answers.
  private static let atOnce: Int64 = 10_000
  private static let patience = 10
  /// Microseconds for each answer of a row, and how many of them count: 20 ms to rest at first, 100 ms in the end.
  private static let (step, longestRow): (UInt32, Int) = (2_000, 50)

  /// Watches the answers of the client that is made with this configuration, and must outlive it.
  func attach(to configuration: OpaquePointer) {
    rd_kafka_conf_interceptor_add_on_new(
      configuration, "pacing",
      { client, _, opaque, _, _ in
        rd_kafka_interceptor_add_on_response_received(
          client, "pacing",
          { _, _, _, _, key, _, _, size, roundTrip, error, opaque in
            guard key == KafkaPacing.fetch, error == RD_KAFKA_RESP_ERR_NO_ERROR, let opaque else { return RD_KAFKA_RESP_ERR_NO_ERROR }
            let pacing = Unmanaged<KafkaPacing>.fromOpaque(opaque).takeUnretainedValue()
            // On the thread that sends the next request, which does nothing else for this broker.
            let rest = pacing.rest(after: size, roundTrip)
            if rest > 0 { usleep(rest) }
            return RD_KAFKA_RESP_ERR_NO_ERROR
          }, opaque)
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  /// Notes an answer. Microseconds to rest when it is one more of a row of the same: the longer the row, the longer.
  package func rest(after size: Int, _ microseconds: Int64) -> UInt32 {
    seen.withLock { seen in
      guard size <= Self.longestEmpty, microseconds < Self.atOnce else {
        seen = Seen()
        return 0
      }
      seen.times = size == seen.size ? min(seen.times + 1, Self.longestRow) : 0
      seen.size = size
      return seen.times >= Self.patience ? UInt32(seen.times) * Self.step : 0
    }
  }
}
#endif
