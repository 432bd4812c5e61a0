package import Dataflow

/// The exchanges of a job that runs over workers: for each edge that crosses from one stage to a later one a topic, with a partition for each shard of
/// the receiving stage.
package struct ExchangeTopics: Sendable {
  /// How the rows of a checkpoint get into the topic, each once.
  package enum Delivery: String, Sendable, CaseIterable {
    /// Frames are numbered, and readers leave out what they had: whoever runs a shard may send what it staged again.
    case numbered
    /// Besides, one transaction a checkpoint: readers see all of it or nothing.
    case transactions
  }

  /// Where the topics are.
  package let client: any TopicClient
  /// The whole job's name: topics begin with it.
  package let job: String
  /// Shards of every stage but the first.
  package let partitions: Int
  /// Shards of the first stage, which reads the sources.
  package let readers: Int
  package let delivery: Delivery

  package init(_ client: any TopicClient, job: String, partitions: Int, readers: Int, delivery: Delivery = .numbered) {
    self.client = client
    self.job = job
    self.partitions = partitions
    self.readers = readers
    self.delivery = delivery
  }

  /// By the options of a connection, whose own number of partitions does not count here. Throws `Diagnostic`.
  package init(connection: Config, job: String, partitions: Int, readers: Int, delivery: Delivery) throws {
    var values = connection.values
    values["partitions"] = .int(Int64(partitions))
    let client = try TopicConnections.client(Config(values, places: connection.places), for: Config())
    self.init(client, job: job, partitions: partitions, readers: readers, delivery: delivery)
  }

  /// How many shards a stage has.
  package func shards(of stage: Int) -> Int { stage == 0 ? readers : partitions }

  /// All shards of a job that was cut into so many stages.
  package func shards(stages: Int) -> [JobShard] {
    (0..<stages).flatMap { stage in
      (0..<shards(of: stage)).map { JobShard(job: job, stage: stage, index: $0, count: shards(of: stage)) }
    }
  }

  /// The topic of an edge. A change of what travels needs another version.
  package func topic(_ edge: StageCut.Edge) -> String { "\(job).\(edge.name)-v1" }

  /// The two ends of every exchange of a shard.
  package func ends(of shard: JobShard) -> StageCut.Ends {
    StageCut.Ends(
      sink: { edge in
        let (client, topic, delivery) = (client, topic(edge), delivery)
        return PlannedSink(
          delivery: .exactlyOnce {
            delivery == .transactions ? try client.makeCommitter(topic) : ExchangeCommitter(client, topic)
          },
          make: { ExchangeWriter(edge, shard, partitions: partitions, recordBytes: client.recordBytes) })
      },
      source: { edge in
        let (client, topic, senders, partitions) = (client, topic(edge), shards(of: edge.from), partitions)
        return PlannedSource(schema: edge.schema, isReplayable: true, isBounded: edge.isBounded) {
          ExchangeReader(client, topic, edge, partition: shard.index, partitions: partitions, senders: senders)
        }
      })
  }
}
