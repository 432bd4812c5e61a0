#if Kafka
internal import CRDKafka

/// One client of librdkafka: its threads, its connections, and what it says.
///
/// `@unchecked Sendable`: every call of librdkafka on a client is safe from any thread; the pointer itself never changes.
final class KafkaHandle: @unchecked Sendable {
  let pointer: OpaquePointer
  let reports: KafkaReports
  private let pacing = KafkaPacing()

  /// Throws `KafkaError` for a setting that librdkafka does not take. Connects in the background.
  init(_ type: rd_kafka_type_t, _ settings: [KafkaSetting]) throws(KafkaError) {
    let reports = KafkaReports()
    let configuration = try Self.configuration(settings)
    // The reports outlive the client: `deinit` ends its threads first.
    rd_kafka_conf_set_opaque(configuration, Unmanaged.passUnretained(reports).toOpaque())
    rd_kafka_conf_set_log_cb(configuration) { client, level, _, text in
      // Errors and worse (3); warnings are about retries. Called from threads of librdkafka.
      guard level <= 3, let text, let reports = KafkaHandle.reports(rd_kafka_opaque(client)) else { return }
      reports.report(problem: KafkaHandle.plain(String(cString: text)))
    }
    rd_kafka_conf_set_error_cb(configuration) { _, code, reason, opaque in
      guard let reason, let reports = KafkaHandle.reports(opaque) else { return }
      // That all are down says nothing that the reason for one of them has not said.
      let code = rd_kafka_resp_err_t(code)
      if code != RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN { reports.report(problem: KafkaHandle.plain(String(cString: reason))) }
    }
    if type == RD_KAFKA_CONSUMER { pacing.attach(to: configuration) }
    if type == RD_KAFKA_PRODUCER {
      rd_kafka_conf_set_dr_msg_cb(configuration) { _, message, opaque in
        guard let message, message.pointee.err != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        KafkaHandle.reports(opaque)?.report(failure: KafkaError(message.pointee.err))
      }
    }
    var text = [CChar](repeating: 0, count: 512)
    guard let pointer = rd_kafka_new(type, configuration, &text, text.count) else {
      // librdkafka has freed what was attached already, and would free it once more: such a configuration, some kilobytes, is left alone.
      if type != RD_KAFKA_CONSUMER { rd_kafka_conf_destroy(configuration) }
      throw KafkaError(setting: Self.string(text))
    }
    self.pointer = pointer
    self.reports = reports
  }

  deinit {
    rd_kafka_destroy_flags(pointer, Int32(RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE))
    withExtendedLifetime((reports, pacing)) {}
  }

  /// The settings, checked. The caller owns the result.
  static func configuration(_ settings: [KafkaSetting]) throws(KafkaError) -> OpaquePointer {
    guard let configuration = rd_kafka_conf_new() else { throw KafkaError(setting: "no memory") }
    var text = [CChar](repeating: 0, count: 512)
    for setting in settings {
      guard rd_kafka_conf_set(configuration, setting.name, setting.value, &text, text.count) == RD_KAFKA_CONF_OK else {
        rd_kafka_conf_destroy(configuration)
        throw KafkaError(setting: string(text))
      }
    }
    return configuration
  }

  /// Serves what librdkafka wants to tell; waits for that at most so long.
  func poll(milliseconds: Int32 = 0) { rd_kafka_poll(pointer, milliseconds) }

  /// An error code as an error, with the reason that librdkafka gave for the last thing that failed.
  func error(_ code: rd_kafka_resp_err_t) -> KafkaError {
    poll()
    let error = KafkaError(code)
    return error.reason == .unreachable ? error.explained(by: reports.problem) : error
  }

  /// Throws what an error object says.
  func check(_ error: OpaquePointer?) throws(KafkaError) {
    guard let error else { return }
    poll()
    let taken = KafkaError(taking: error)
    throw taken.reason == .unreachable || taken.isRetriable ? taken.explained(by: reports.problem) : taken
  }

  private static func reports(_ opaque: UnsafeMutableRawPointer?) -> KafkaReports? {
    opaque.map { Unmanaged<KafkaReports>.fromOpaque($0).takeUnretainedValue() }
  }

  /// Without the name of librdkafka's thread in front.
  private static func plain(_ text: String) -> String {
    guard text.hasPrefix("[thrd:"), let end = text.firstRange(of: "]: ") else { return text }
    return String(text[end.upperBound...])
  }

  static func string(_ text: [CChar]) -> String { text.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" } }
}

/// A setting of librdkafka, by its name there.
public struct KafkaSetting: Sendable, Equatable {
  /// As in librdkafka's list of settings.
  public let name: String
  /// Its value; may be a password.
  public let value: String

  /// A setting.
  public init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }

  /// Throws `KafkaError` when librdkafka does not have a setting of that name, or does not take the value. Connects to nothing.
  public func check() throws(KafkaError) {
    rd_kafka_conf_destroy(try KafkaHandle.configuration([self]))
  }
}
#endif
