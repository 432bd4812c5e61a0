#if Kafka
package import Dataflow
internal import Kafka
internal import Logging
internal import Synchronization

/// Topics in Kafka.
package final class KafkaTopicClient: TopicClient, TopicSystem {
  package let options: KafkaOptions
  package let oversized: OversizedValues?
  private let logger = Logger(label: "sloscout.kafka")
  /// Clients that show how far groups have come, by group.
  private let publishers = Mutex<[String: KafkaCluster]>([:])

  /// Milliseconds that whoever asks for health waits for a broker.
  private static let askMilliseconds: Int32 = 3_000
  /// The connection over which a broker is asked whether it is there.
  private let asking = Mutex<KafkaCluster?>(nil)

  /// Connects to nothing yet.
  package init(_ options: KafkaOptions, oversized: OversizedValues? = nil) {
    self.options = options
    self.oversized = oversized
    OpenTopics.shared.add(self)
  }

  /// Asks a broker about the topic of progress records, which need not exist. Throws `TopicError`.
  package func ask() throws {
    do {
      let cluster = try asking.withLock { asking throws(KafkaError) in
        if let asking { return asking }
        let made = try KafkaCluster(options.reading())
        asking = made
        return made
      }
      _ = try cluster.partitions(of: options.progressTopic, milliseconds: min(options.connectTimeout, Self.askMilliseconds))
    } catch { throw topicError("ask", error) }
  }

  package var place: String { "Kafka at \(options.brokers.joined(separator: ", "))" }

  package var recordBytes: Int { options.recordBytes }

  package func makeReader(_ topic: String) throws -> any TopicReader {
    do { return try KafkaTopicReader(self, topic) } catch let error as KafkaError { throw SourceError("\(place): \(error.message)") }
  }

  package func makeCommitter(_ topic: String) throws -> any SinkCommitter { KafkaTopicCommitter(self, topic) }

  package func makeAppender(_ topic: String, _ runtime: any Runtime) throws -> any TopicAppender { KafkaTopicAppender(self, topic) }

  /// Makes the topic unless there is one, and waits until it can be used. Throws `KafkaError`, `TopicError`.
  func ensure(_ topic: String, _ cluster: KafkaCluster, _ shape: KafkaOptions.Shape, _ settings: [KafkaSetting] = []) throws {
    if try cluster.partitions(of: topic, milliseconds: options.connectTimeout) != nil { return }
    guard options.createsTopics else {
      throw TopicError(
        .missing, "topic \"\(topic)\" does not exist in \(place)", hint: "make it there, or leave out createTopics: false")
    }
    do {
      try cluster.create(
        topic, partitions: shape.partitions, replicas: shape.replicas, settings: settings, milliseconds: options.connectTimeout)
    } catch {
      // Somebody else may have been faster.
      guard error.reason == .alreadyExists else { throw error }
    }
    let deadline = KafkaClock.now() + Int64(options.connectTimeout)
    while try cluster.partitions(of: topic, milliseconds: options.connectTimeout) == nil {
      guard KafkaClock.now() < deadline else {
        throw TopicError(.unreachable, "topic \"\(topic)\" was made in \(place), but does not appear")
      }
      KafkaClock.pause(milliseconds: 20)
    }
  }

  /// Makes a sink's topic and the ledger's unless they are there. Throws `KafkaError`, `TopicError`.
  func ensureTopics(_ topic: String) throws {
    let cluster = try KafkaCluster(options.reading())
    let shape = options.shapes[topic] ?? options.shape
    try ensure(topic, cluster, shape, shape.settings)
    try ensure(
      options.progressTopic, cluster, KafkaOptions.Shape(partitions: 1, replicas: options.shape.replicas), KafkaProgress.topicSettings)
  }

  package func remove(_ topic: String) throws {
    // Topics that somebody else has made are for somebody else to remove.
    guard options.createsTopics else { return }
    do { try KafkaCluster(options.reading()).delete(topic, milliseconds: options.connectTimeout) } catch {
      guard error.reason == .unknownTopic else { throw topicError("remove topic \"\(topic)\"", error) }
    }
  }

  /// Shows how far a group has come. Best effort.
  func publish(_ topic: String, _ positions: [(partition: Int, offset: Int64)], group: String) {
    guard options.publishesOffsets else { return }
    let publisher = publishers.withLock { publishers in
      if let known = publishers[group] { return known as KafkaCluster? }
      let made = try? KafkaCluster(options.reading() + [KafkaSetting("group.id", group), KafkaSetting("enable.auto.commit", "false")])
      publishers[group] = made
      return made
    }
    publisher?.publish(topic, positions)
  }

  func warn(_ message: String) { logger.warning("\(message)") }

  // MARK: Errors

  /// What failed, for the runtime and for people.
  func sinkError(_ what: String, _ error: any Error) -> SinkError {
    switch error {
    case let error as SinkError: error
    case let error as TopicError:
      SinkError(
        "could not \(what): \(error.message)", hint: error.hint,
        retry: error.kind == .unreachable || error.kind == .busy ? .withBackoff : .never)
    case let error as KafkaError:
      SinkError("could not \(what) in \(place): \(error.message)", hint: hint(error), retry: isLasting(error) ? .never : .withBackoff)
    default: SinkError("could not \(what): \(error)", retry: .withBackoff)
    }
  }

  /// The same for callers outside of a job.
  func topicError(_ what: String, _ error: any Error) -> any Error {
    guard let error = error as? KafkaError else { return error }
    let kind: TopicError.Kind =
      error.reason == .fenced ? .busy : error.reason == .unknownTopic ? .missing : isLasting(error) ? .refused : .unreachable
    return TopicError(kind, "could not \(what) in \(place): \(error.message)", hint: hint(error))
  }

  /// No waiting cures it.
  func isLasting(_ error: KafkaError) -> Bool {
    switch error.reason {
    case .denied, .tooLarge, .refused, .badSetting: true
    case .unreachable, .unknownTopic, .alreadyExists, .outOfRange, .fenced, .other: false
    }
  }

  func hint(_ error: KafkaError) -> String {
    switch error.reason {
    case .unreachable: "check that a broker is running and reachable there"
    case .denied: "check user, password and certificates of the connection, and the broker's access rules for topics and transactional ids"
    case .tooLarge: "raise message.max.bytes of the broker or max.message.bytes of the topic, or lower maxRecordBytes of the connection"
    case .refused: "ask the broker's log for the rule"
    default: ""
    }
  }
}
#endif
