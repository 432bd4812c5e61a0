internal import Dataflow

/// The ledger of a collection's sinks: a collection of its own, a row for each sink of each job.
struct MilvusLedger: Sendable {
  private let client: MilvusClient
  private let name: String
  private let job: String
  private let sink: String

  init(_ client: MilvusClient, collection: String, job: String, sink: String) {
    (self.client, name, self.job, self.sink) = (client, "\(collection)_ledger", job, sink)
  }

  private var id: String { MilvusWriter.id([job, sink]) }

  /// Makes the collection when there is none, and brings it into memory.
  func open() throws(MilvusError) {
    if try !client.hasCollection(name) {
      // Milvus makes no collection without a vector.
      try client.create(
        MilvusCollection(
          name,
          [
            .init("id", .text, isKey: true), .init("generation", .number), .init("epoch", .number), .init("digest", .text),
            .init("manifest", .text), .init("nothing", .vector(2)),
          ]), index: [("index_type", "FLAT"), ("metric_type", "L2"), ("params", "{}")])
    }
    try client.load(name)
  }

  /// This sink's row.
  func read() throws(MilvusError) -> LedgerRow? {
    let columns = try client.rows(name, where: "id in [\(MilvusClient.literal(id))]", ["generation", "epoch", "digest"])
    guard case .numbers(let generations)? = columns["generation"], case .numbers(let epochs)? = columns["epoch"],
      case .texts(let digests)? = columns["digest"], let generation = generations.first, let epoch = epochs.first,
      let digest = digests.first
    else { return nil }
    return LedgerRow(generation: UInt64(max(0, generation)), epoch: UInt64(max(0, epoch)), digest: UInt64(digest, radix: 16))
  }

  /// Writes this sink's row.
  func write(_ row: LedgerRow, manifest: String) throws(MilvusError) {
    try client.upsert(
      name,
      [
        ("id", .texts([id])), ("generation", .numbers([Int64(clamping: row.generation)])),
        ("epoch", .numbers([Int64(clamping: row.epoch)])),
        ("digest", .texts([row.digest.map { String($0, radix: 16) } ?? ""])), ("manifest", .texts([manifest])),
        ("nothing", .vectors([UInt8](repeating: 0, count: 8), dimensions: 2)),
      ], rows: 1)
  }

  /// What to do when the job's state is gone but its rows are there.
  var cureForLostState: String {
    """
    do one of these:
      1. restore the state folder of the earlier run and start again: the job goes on where it was
      2. give the job a new name (metadata.name): it begins anew, and replaces rows that have the same key
      3. start over: drop the collection and "\(name)" in Milvus
    """
  }
}
