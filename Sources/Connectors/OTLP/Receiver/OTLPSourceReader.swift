internal import Dataflow

/// Reads what the server accepted from the spool. The subtask that owns the spool's one partition also runs the server.
final class OTLPSourceReader: SourceReader {
  /// Positions of so many checkpoints are remembered before what lies behind them is removed: a restart may go back to an older one.
  private static let keptCheckpoints = 8

  private let options: OTLPSourceOptions
  private let reader: TopicSourceReader
  private var spool: RequestSpool?
  private var server: OTLPServer?
  /// Offsets at the last barriers, the oldest first.
  private var barriers: [Int64] = []

  init(_ options: OTLPSourceOptions) {
    self.options = options
    var topics = TopicSourceOptions(topics: [options.topic])
    topics.warn = { _ in }  // the spool is there before it is read
    reader = TopicSourceReader(options.client, topics)
  }

  func open(_ context: SourceContext) throws {
    if context.owns(0) {
      let spool = try RequestSpool(options.client.topic(options.topic), limit: options.maxSpoolBytes, context.runtime)
      let server = OTLPServer(options.server) { _, request in try await spool.append(request) }
      server.start()
      self.spool = spool
      self.server = server
    }
    try reader.open(context)
  }

  func restore(_ positions: [SplitPosition]) throws { try reader.restore(positions) }

  func poll(_ batch: RecordBatch) throws -> SourceStatus {
    if case .failed(let why)? = server?.state {
      throw SourceError(why, hint: "another program has the port, or the address is not of this machine; set listen", isTransient: true)
    }
    return try reader.poll(batch)
  }

  func positions() -> [SplitPosition] { reader.positions() }

  /// What came before the barrier of a checkpoint some checkpoints ago will not be read again.
  func snapshot() -> [SplitPosition] {
    let positions = reader.positions()
    if let spool, let offset = try? positions.first.map(TopicPosition.init)?.offset {
      barriers.append(offset)
      if barriers.count > Self.keptCheckpoints { spool.trim(below: [barriers.removeFirst()]) }
    }
    return positions
  }

  func close() {
    if let server { Task { await server.stop() } }  // ends by itself, when the last request is answered
    reader.close()
  }
}

/// What an `otlp` source was asked to do.
package struct OTLPSourceOptions: Sendable {
  package var server = OTLPServer.Options()
  package var client: LocalTopicClient
  package var topic = "otlp"
  package var maxSpoolBytes: Int64 = 1 << 30

  package init(client: LocalTopicClient) { self.client = client }
}
