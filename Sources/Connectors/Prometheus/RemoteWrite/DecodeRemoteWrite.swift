public import Dataflow

/// Takes remote-write requests apart into samples.
///
/// - Input: a bytes field with the protobuf of a request behind one byte with its version, 1 or 2.
/// - Output: the fields of `DecodeOTLPMetrics`, one record for each sample and native histogram, in order. `attributes` are the labels without
///   `__name__`, `service` is the label `job`; `type`, `unit` and `description` are what the latest metadata said of the family, and `unknown`
///   before that. A stale marker has no `value` and 1 in `flags`. The rest of a native histogram is in `buckets`, in the protocol's words.
///   Exemplars stand with the last sample of their series; a series that has nothing else gives one record each.
/// - Errors: `wrong-type` for a series whose labels name none, `impossible-time`, and `malformed-protobuf` for a request that is none.
/// - State: the families; at most 100,000.
/// - Books: in samples. A request that only brings metadata counts as one that was filtered.
public final class DecodeRemoteWrite: Operator {
  private let request: Field
  private var splits: SplitTable
  private var families = MetricFamilies()
  private var place = RemoteWriteSeries()

  /// The fields of the records it makes.
  public static var schema: Schema { MetricColumns.schema }

  /// A decoder of the bytes field `request`; `open` tells it the splits of the run.
  public init(request: Field, splits: SplitTable = SplitTable()) {
    self.request = request
    self.splits = splits
  }

  /// The plan of a decoder behind a source of requests.
  public static func planned(request: Field) -> PlannedOperator {
    PlannedOperator(schema: schema, reads: [request], makesBatches: true) { DecodeRemoteWrite(request: request) }
  }

  /// Learns the names of the splits, which the ids of records are made of.
  public func open(_ context: OperatorContext) { splits = context.splits }

  /// Emits batches of its own.
  public func process(_ batch: RecordBatch, _ output: Output) throws {
    let rows = MetricRows(batch, output, splits)
    for index in 0..<batch.selectedCount {
      let row = Int(batch.selection[index])
      rows.begin(row)
      let view = batch.bytes(request)[row]
      guard let version = view.base.flatMap({ view.count > 0 ? RemoteWriteRequest.Version(rawValue: $0[0]) : nil }) else {
        try output.fail(batch, row: row, reason: "malformed-protobuf", detail: "not a remote-write request")
        continue
      }
      do {
        try decode(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(view.buffer)[1...]), version, rows)
        rows.end()
      } catch let error as MalformedProtobuf {
        try rows.fail("malformed-protobuf", "\(error)")
        rows.end()
      }
    }
    try rows.flush()
  }

  private func decode(_ bytes: UnsafeRawBufferPointer, _ version: RemoteWriteRequest.Version, _ rows: MetricRows) throws {
    // Metadata may stand behind the series it is about.
    let request = try RemoteWriteRequest(bytes, version)
    if version == .one {
      try request.walk(&place) { _, _ in
      } metadata: {
        families.learn($0.family, type: MetricType(prometheus: $0.type), unit: $0.unit, help: $0.help)
      }
    }
    try request.walk(&place) { series, bytes in
      if let fault = series.fault() { return try rows.fail("wrong-type", fault, raw: bytes) }
      guard let name = series.name else { return }
      if let said = series.metadata {
        rows.family = .init(type: MetricType(prometheus: said.type), unit: Array(said.unit), help: Array(said.help))
      } else {
        rows.family(of: name, in: families)
      }
      try append(series, name, bytes, rows)
    }
  }

  private func append(_ series: RemoteWriteSeries, _ name: UnsafeRawBufferPointer, _ bytes: UnsafeRawBufferPointer, _ rows: MetricRows)
    throws
  {
    let last = series.samples.count + series.histograms.count - 1
    for (index, sample) in series.samples.enumerated() {
      try rows.series(series.labels, name, raw: bytes)
      rows.exemplars = index == last ? series.exemplars[...] : []
      try rows.append(sample, series, created: series.created)
    }
    for (index, histogram) in series.histograms.enumerated() {
      try rows.series(series.labels, name, raw: bytes)
      rows.exemplars = index + series.samples.count == last ? series.exemplars[...] : []
      try rows.append(histogram, series, created: series.created)
    }
    guard last < 0 else { return }
    for index in series.exemplars.indices {
      try rows.series(series.labels, name, raw: bytes)
      rows.exemplars = series.exemplars[index...index]
      try rows.append(onlyExemplar: series.exemplars[index].sample.time, series)
    }
  }

  /// Hands over the families.
  public func snapshot(_ into: inout SnapshotBuilder) throws {
    let families = families
    into.add("families", later: { families.encoded() })
  }

  /// Takes back the families of all former subtasks.
  public func restore(_ from: StateReader) throws {
    for section in from.sections("families") { try families.restore(section) }
  }
}
