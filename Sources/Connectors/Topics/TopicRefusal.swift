internal import Dataflow

/// Why a topic sink does not write, in words that all kinds of topics share.
struct TopicRefusal {
  private let writer: TopicCommit.Writer
  private let topic: String
  /// Where topic and ledger are, for cures: a folder, or a broker's topics.
  private let home: String

  init(_ writer: TopicCommit.Writer, topic: String, home: String) {
    self.writer = writer
    self.topic = topic
    self.home = home
  }

  private var sink: String { "sink \"\(writer.sink)\" of job \"\(writer.job)\"" }

  /// The job starts from nothing, the topic has epochs of it.
  func stateGone(_ epoch: UInt64) -> SinkError {
    SinkError(
      "the job's state is gone: it starts without a checkpoint, but epoch \(epoch) of \(sink) stands in topic \"\(topic)\"",
      hint: "bring the state folder back; or give the job a new name: it appends anew; or move \(home) away to start over", retry: .never)
  }

  /// A newer run owns the sink.
  func fenced(by newer: UInt64, generation: UInt64) -> SinkError {
    SinkError(
      "\(sink) was taken over by a newer run (generation \(newer), this run has \(generation))",
      hint: "let only one run of the job write into topic \"\(topic)\"", retry: .never)
  }

  /// The ledger's decision is not to apply the epoch.
  func error(_ decision: LedgerDecision, _ epoch: StagedEpoch, generation: UInt64) -> SinkError {
    switch decision {
    case .fenced(let newer): return fenced(by: newer, generation: generation)
    case .gap(let expected):
      return SinkError(
        "\(sink): epoch \(epoch.epoch) cannot be applied, epochs \(expected) to \(epoch.epoch - 1) are missing in topic \"\(topic)\"",
        hint: "restore \(home) to a state at or after epoch \(epoch.epoch - 1), or give the sink a new id", retry: .never)
    case .digestMismatch(let digest):
      return SinkError(
        "\(sink): epoch \(epoch.epoch) stands in topic \"\(topic)\" with other rows (digest \(digest.map { String($0, radix: 16) } ?? "none"), "
          + "here \(String(epoch.digest, radix: 16)))",
        hint: "the state folder belongs to another history of the job: use the one that wrote last, or give the job a new name",
        retry: .never)
    case .ledgerLost, .apply, .alreadyApplied:
      return SinkError(
        "topic \"\(topic)\" was set back or removed while the job ran: the ledger row of \(sink) is gone",
        hint: "restore \(home), or stop the job and start it again to claim the sink anew", retry: .never)
    }
  }

  /// Checks that staged bytes were a stage, of as many rows as the checkpoint says. Throws `SinkError`.
  static func check(_ rows: Int?, _ epoch: StagedEpoch) throws {
    guard let rows else {
      throw SinkError(
        "the staged bytes of epoch \(epoch.epoch) are not those of a topic sink",
        hint: "start once with the job as it was, let it apply what is staged, then change the sink; or give the sink a new id",
        retry: .never)
    }
    guard rows == epoch.rows else {
      throw SinkError(
        "the staged bytes of epoch \(epoch.epoch) hold \(rows) rows, the checkpoint says \(epoch.rows)",
        hint: "the checkpoint is damaged: restore it from its second copy", retry: .never)
    }
  }
}
