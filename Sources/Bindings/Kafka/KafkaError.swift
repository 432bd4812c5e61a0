#if Kafka
internal import CRDKafka

/// What a broker or librdkafka refused. Never holds a password.
public struct KafkaError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What the error is about, as far as a caller decides by it.
  public enum Reason: Sendable, Equatable {
    /// No answer in time, or no connection: it may come later.
    case unreachable
    /// There is no such topic or partition (any more).
    case unknownTopic
    /// The topic was there already.
    case alreadyExists
    /// The offset is not in the partition.
    case outOfRange
    /// A newer producer with this transactional id took over.
    case fenced
    /// The broker does not permit it, or the login is wrong.
    case denied
    /// The record is larger than broker or client take.
    case tooLarge
    /// The broker refuses it by a rule of its own: a bad setting, a policy, a malformed record.
    case refused
    /// An option that librdkafka does not have, or a value that it does not take.
    case badSetting
    case other
  }

  /// What it is about.
  public let reason: Reason
  /// librdkafka's name, such as `TOPIC_AUTHORIZATION_FAILED`.
  public let name: String
  /// For people: lower case, no full stop.
  public let message: String
  /// The same call may be made again.
  public let isRetriable: Bool
  /// The producer is of no use any more; a new one may be.
  public let isFatal: Bool
  /// The transaction must be aborted; it may be tried anew then.
  public let requiresAbort: Bool

  init(_ code: rd_kafka_resp_err_t, _ message: String = "") {
    reason = Self.reason(code)
    name = String(cString: rd_kafka_err2name(code))
    self.message = message.isEmpty ? String(cString: rd_kafka_err2str(code)) : message
    (isRetriable, isFatal, requiresAbort) = (false, code == RD_KAFKA_RESP_ERR__FATAL, false)
  }

  /// Takes over an error object, and frees it.
  init(taking error: OpaquePointer) {
    let code = rd_kafka_error_code(error)
    reason = Self.reason(code)
    name = String(cString: rd_kafka_error_name(error))
    message = String(cString: rd_kafka_error_string(error))
    isRetriable = rd_kafka_error_is_retriable(error) != 0
    isFatal = rd_kafka_error_is_fatal(error) != 0
    requiresAbort = rd_kafka_error_txn_requires_abort(error) != 0
    rd_kafka_error_destroy(error)
  }

  init(setting message: String) {
    (reason, name, self.message) = (.badSetting, "_INVALID_ARG", message)
    (isRetriable, isFatal, requiresAbort) = (false, false, false)
  }

  /// The message, with what is known about the cause behind it.
  func explained(by problem: String) -> KafkaError {
    guard !problem.isEmpty, !message.contains(problem) else { return self }
    return KafkaError(copying: self, message: "\(message) (\(problem))")
  }

  private init(copying other: KafkaError, message: String) {
    (reason, name, self.message) = (other.reason, other.name, message)
    (isRetriable, isFatal, requiresAbort) = (other.isRetriable, other.isFatal, other.requiresAbort)
  }

  /// Message and name.
  public var description: String { "\(message) [\(name)]" }

  private static func reason(_ code: rd_kafka_resp_err_t) -> Reason {
    switch code {
    case RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, RD_KAFKA_RESP_ERR__RESOLVE,
      RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
      RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE,
      RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_COORDINATOR, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
      RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND:
      .unreachable
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION: .unknownTopic
    case RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS: .alreadyExists
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET: .outOfRange
    case RD_KAFKA_RESP_ERR__FENCED, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, RD_KAFKA_RESP_ERR_PRODUCER_FENCED: .fenced
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
      RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
      RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR__SSL:
      .denied
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE: .tooLarge
    case RD_KAFKA_RESP_ERR_INVALID_RECORD, RD_KAFKA_RESP_ERR_POLICY_VIOLATION, RD_KAFKA_RESP_ERR_INVALID_CONFIG,
      RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,
      RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
      .refused
    default: .other
    }
  }
}
#endif
