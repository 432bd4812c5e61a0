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
  /// The cut of the job that they belong to.
  package let layout: ShardLayout
  package let delivery: Delivery

  package init(_ client: any TopicClient, job: String, _ layout: ShardLayout, delivery: Delivery = .numbered) {
    self.client = client
    self.job = job
    self.layout = layout
    self.delivery = delivery
  }

  /// By the options of a connection, whose own number of partitions does not count here. Throws `Diagnostic`.
  package init(connection: Config, job: String, _ layout: ShardLayout, delivery: Delivery) throws {
    var values = connection.values
    values["partitions"] = .int(Int64(layout.partitions))
    let client = try TopicConnections.client(Config(values, places: connection.places), for: Config())
    self.init(client, job: job, layout, delivery: delivery)
  }

  /// The topic of an edge: each cut of the job has its own.
  package func topic(_ edge: StageCut.Edge) -> String { "\(job).\(edge.name)-v\(layout.version)" }

  /// The two ends of every exchange of a shard.
  package func ends(of shard: JobShard) -> StageCut.Ends {
    StageCut.Ends(
      sink: { edge in
        let (client, topic, delivery) = (client, topic(edge), delivery)
        return PlannedSink(
          delivery: .exactlyOnce {
            delivery == .transactions ? try client.makeCommitter(topic) : ExchangeCommitter(client, topic)
          },
          make: { ExchangeWriter(edge, shard, partitions: layout.partitions, recordBytes: client.recordBytes) })
      },
      source: { edge in
        let (client, topic, senders, partitions) = (client, topic(edge), layout.shards(of: edge.from), layout.partitions)
        return PlannedSource(schema: edge.schema, isReplayable: true, isBounded: edge.isBounded) {
          ExchangeReader(client, topic, edge, partition: shard.index, partitions: partitions, senders: senders)
        }
      })
  }
}
