internal import Dataflow
internal import Synchronization

/// The half of the sink that talks to Milvus: the rows of an epoch first, the ledger after them.
///
/// Rows have keys, so an epoch whose ledger was not written is written again over itself. A run that was replaced by a newer one reads that in the
/// ledger before it writes; what it may have under way at that moment are rows with the same keys.
/// Calls block; each has a limit. The lock makes sure of what the runtime promises anyway: one call at a time.
final class MilvusCommitter: SinkCommitter {
  private struct State {
    var client: MilvusClient?
    var claim: (ledger: MilvusLedger, machine: LedgerStateMachine)?
  }

  private let plan: MilvusPlan
  private let options: MilvusOptions
  private let state = Mutex(State())
  /// Bytes of rows of one call: Milvus takes 64 MiB.
  private static let callBytes = 8 << 20

  init(_ plan: MilvusPlan, _ options: MilvusOptions) { (self.plan, self.options) = (plan, options) }

  func open(_ context: SinkContext) throws -> UInt64? {
    try state.withLock { state in
      do {
        let client = try MilvusClient(options)
        try openCollection(client)
        let ledger = MilvusLedger(client, collection: plan.collection.name, job: context.job, sink: context.id)
        try ledger.open()
        switch LedgerStateMachine.claim(row: try ledger.read(), isFresh: context.isFresh, lease: context.lease) {
        case .claim(let row, let lastApplied):
          try ledger.write(row, manifest: "")
          (state.client, state.claim) = (client, (ledger, LedgerStateMachine(generation: row.generation)))
          return lastApplied
        case .stateGone(let epoch):
          throw SinkError(
            "sink \"\(context.id)\" of job \"\(context.job)\" starts without its state, but collection \"\(plan.collection.name)\" has its "
              + "rows up to epoch \(epoch)", hint: ledger.cureForLostState, retry: .never)
        case .fenced(let newer):
          throw SinkError(
            "sink \"\(context.id)\" of job \"\(context.job)\" was taken over by a newer run (generation \(newer))",
            hint: "let only one run of the job write into collection \"\(plan.collection.name)\"", retry: .never)
        }
      } catch let error as MilvusError {
        throw error.sinkError
      }
    }
  }

  func apply(_ epoch: StagedEpoch) throws -> ApplyReport {
    try state.withLock { state in
      guard let client = state.client, let (ledger, machine) = state.claim else { preconditionFailure("apply before open") }
      do {
        switch machine.decide(row: try ledger.read(), epoch: epoch.epoch, digest: epoch.digest, begins: epoch.begins) {
        case .apply(let row):
          let written = try write(epoch, client)
          guard written == epoch.rows else {
            throw SinkError(
              "the staged bytes of epoch \(epoch.epoch) hold \(written) rows, the checkpoint says \(epoch.rows)",
              hint: "the checkpoint is damaged: restore it from its second copy", retry: .never)
          }
          try ledger.write(row, manifest: epoch.manifest)
          return ApplyReport(applied: epoch.rows)
        case .alreadyApplied: return ApplyReport(applied: epoch.rows, wasApplied: true)
        case let decision: throw refusal(decision, epoch)
        }
      } catch let error as MilvusError {
        throw error.sinkError
      }
    }
  }

  func close() { state.withLock { $0 = State() } }

  // MARK: The collection

  private func openCollection(_ client: MilvusClient) throws {
    let wanted = plan.collection
    if let there = try client.collection(wanted.name) {
      let fitting = wanted.fields.allSatisfy { field in there.field(field.name) == field }
      // A field of the collection that we do not write would have no value.
      guard fitting, there.fields.count == wanted.fields.count else {
        throw SinkError(
          "collection \"\(wanted.name)\" has other fields than the sink writes: \(Self.words(there)), not \(Self.words(wanted))",
          hint: "name another collection, or drop this one: fields and the size of vectors cannot be changed in Milvus", retry: .never)
      }
    } else {
      try client.create(
        wanted, index: [("index_type", "HNSW"), ("metric_type", "COSINE"), ("params", "{\"M\": 16, \"efConstruction\": 200}")])
    }
    try client.load(wanted.name)
  }

  private static func words(_ collection: MilvusCollection) -> String {
    collection.fields.map { field in
      switch field.kind {
      case .text: "\(field.name) (text)"
      case .number: "\(field.name) (number)"
      case .vector(let dimensions): "\(field.name) (\(dimensions) floats)"
      case .other(let code): "\(field.name) (type \(code))"
      }
    }.joined(separator: ", ")
  }

  // MARK: Rows

  /// Writes the rows, of each key the last one. Answers with the number of staged rows.
  private func write(_ epoch: StagedEpoch, _ client: MilvusClient) throws -> Int {
    var rows: [StagedRow] = []
    var numbers: [String: Int] = [:]
    var staged = 0
    for chunk in epoch.chunks where !chunk.isEmpty {
      guard chunk.starts(with: plan.signature) else {
        throw SinkError(
          "the staged rows of epoch \(epoch.epoch) were written for other fields than the sink has now",
          hint: "start once with the job as it was, let it apply what is staged, then change the sink; or give the sink a new id",
          retry: .never)
      }
      try chunk.withUnsafeBytes { bytes in
        var reader = ByteReader(UnsafeRawBufferPointer(rebasing: bytes[plan.signature.count...]))
        while !reader.isAtEnd {
          let id = try reader.text()
          let row = StagedRow(
            id: id, texts: try plan.texts.map { _ in try reader.text() }, vector: Array(try reader.take(plan.dimensions * 4)))
          staged += 1
          if let number = numbers[id] {
            rows[number] = row
          } else {
            numbers[id] = rows.count
            rows.append(row)
          }
        }
      }
    }
    var start = 0
    while start < rows.count {
      var (end, bytes) = (start, 0)
      while end < rows.count, end == start || bytes + rows[end].bytes <= Self.callBytes {
        bytes += rows[end].bytes
        end += 1
      }
      try upsert(rows[start..<end], client)
      start = end
    }
    return staged
  }

  private struct StagedRow {
    var id: String
    var texts: [String]
    var vector: [UInt8]

    var bytes: Int { id.utf8.count + texts.reduce(0) { $0 + $1.utf8.count } + vector.count }
  }

  private func upsert(_ rows: ArraySlice<StagedRow>, _ client: MilvusClient) throws(MilvusError) {
    var columns: [(name: String, values: MilvusColumn)] = [(MilvusPlan.id, .texts(rows.map(\.id)))]
    for (number, field) in plan.texts.enumerated() { columns.append((field.name, .texts(rows.map { $0.texts[number] }))) }
    columns.append((plan.vector.name, .vectors(Array(rows.map(\.vector).joined()), dimensions: plan.dimensions)))
    try client.upsert(plan.collection.name, columns, rows: rows.count)
  }

  private static func takenOver(_ sink: String, by generation: UInt64) -> SinkError {
    SinkError(
      "\(sink) was taken over by a newer run (generation \(generation))", hint: "let only one run of the job write into it", retry: .never)
  }

  private func refusal(_ decision: LedgerDecision, _ epoch: StagedEpoch) -> SinkError {
    let sink = "the sink of collection \"\(plan.collection.name)\""
    switch decision {
    case .fenced(let generation): return Self.takenOver(sink, by: generation)
    case .gap(let expected):
      return SinkError(
        "\(sink): epoch \(epoch.epoch) cannot be applied, epochs \(expected) to \(epoch.epoch - 1) are missing in Milvus",
        hint: "restore the collection and its ledger to a state at or after epoch \(epoch.epoch - 1), or give the sink a new id",
        retry: .never)
    case .digestMismatch:
      return SinkError(
        "\(sink): epoch \(epoch.epoch) stands in Milvus with other rows",
        hint: "the state folder belongs to another history of the job: use the one that wrote last, or give the job a new name",
        retry: .never)
    case .ledgerLost, .apply, .alreadyApplied:
      return SinkError(
        "the ledger row of \(sink) was removed or set back while the job ran",
        hint: "restore the collection, or stop the job and start it again to claim the sink anew", retry: .never)
    }
  }
}
