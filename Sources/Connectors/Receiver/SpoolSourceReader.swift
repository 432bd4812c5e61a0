package import Dataflow

/// What receives telemetry and appends it to a spool, for as long as a source is open.
package protocol Reception: Sendable {
  /// Begins to receive, and returns at once.
  func start()
  /// Why nothing can be received; nil while all is well.
  var failure: String? { get }
  /// Receives no more. Returns at once.
  func stop()
}

/// Reads what was received from the spool. The subtask that owns the spool's one partition also receives.
package final class SpoolSourceReader: SourceReader {
  /// Positions of so many checkpoints are remembered before what lies behind them is removed: a restart may go back to an older one.
  private static let keptCheckpoints = 8

  private let client: LocalTopicClient
  private let topic: String
  private let limit: Int64
  private let makeReception: (RequestSpool, any Runtime) throws -> any Reception
  private let reader: TopicSourceReader
  private var spool: RequestSpool?
  private var reception: (any Reception)?
  /// Offsets at the last barriers, the oldest first.
  private var barriers: [Int64] = []

  /// - Parameter reception: what fills the spool, made when the source is opened.
  package init(
    _ client: LocalTopicClient, topic: String, limit: Int64, _ reception: @escaping (RequestSpool, any Runtime) throws -> any Reception
  ) {
    self.client = client
    self.topic = topic
    self.limit = limit
    makeReception = reception
    var topics = TopicSourceOptions(topics: [topic])
    topics.warn = { _ in }  // the spool is there before it is read
    reader = TopicSourceReader(client, topics)
  }

  package func open(_ context: SourceContext) throws {
    if context.owns(0) {
      let spool = try RequestSpool(client.topic(topic), limit: limit, context.runtime)
      let reception = try makeReception(spool, context.runtime)
      reception.start()
      self.spool = spool
      self.reception = reception
    }
    try reader.open(context)
  }

  package func restore(_ positions: [SplitPosition]) throws { try reader.restore(positions) }

  package func poll(_ batch: RecordBatch) throws -> SourceStatus {
    if let why = reception?.failure {
      throw SourceError(why, hint: "another program has the port, or the address is not of this machine; set listen", isTransient: true)
    }
    return try reader.poll(batch)
  }

  package func positions() -> [SplitPosition] { reader.positions() }

  /// What came before the barrier of a checkpoint some checkpoints ago will not be read again.
  package func snapshot() -> [SplitPosition] {
    let positions = reader.positions()
    if let spool, let offset = try? positions.first.map(TopicPosition.init)?.offset {
      barriers.append(offset)
      if barriers.count > Self.keptCheckpoints { spool.trim(below: [barriers.removeFirst()]) }
    }
    return positions
  }

  package func close() {
    reception?.stop()
    reader.close()
  }
}

/// A receiver of pushed requests as what fills a spool.
struct PushReception: Reception {
  private let receiver: PushReceiver

  init(_ receiver: PushReceiver) { self.receiver = receiver }

  func start() { receiver.start() }

  var failure: String? { receiver.failure }

  /// Ends by itself, when the last request is answered.
  func stop() { Task { await receiver.stop() } }
}
