internal import Dataflow

/// The sending end of an exchange: sorts rows by the key group of their key into frames, one sequence a partition, and says with every checkpoint how far
/// time has come.
///
/// Frames are made whole before the barrier, so their numbers are part of the checkpoint that stages them. Rows wait for it anyway, so those of one key
/// are combined meanwhile where the receiving step can do with that.
final class ExchangeWriter: SinkWriter {
  private let edge: StageCut.Edge
  private let shard: JobShard
  private let partitions: Int
  /// Bytes that a row may have, and that a frame is made of at most.
  private let rowBytes: Int
  private var splits = SplitTable()
  private var builders: [RecordBatch?]
  /// Per partition the number of the last frame.
  private var sequences: [UInt64]
  private var incarnation: UInt64 = 0
  /// Nil when every row crosses as it is.
  private let combiner: (any Combiner)?
  private var runtime: (any Runtime)?
  private var watermark = Int64.min
  private var isIdle = false
  /// Time may have gone on without this shard, so a receiver's clock may be ahead of this one's.
  private var wasIdle = false
  private var isEnded = false
  /// The checkpoint to come is the shard's last in this cut of the job.
  private var isDrained = false
  /// What the last marks said; nil before the first.
  private var marked: Mark?
  private var stage: [UInt8] = []
  private var frames = 0
  /// Batches whose memory the builders keep alive.
  private var held = 0
  /// Nil before it was opened.
  private var packer: RowPacker?

  private struct Mark: Equatable {
    var watermark: Int64
    var isIdle: Bool
    var isEnded: Bool
  }

  /// Frames stay well below what a topic takes, so that little is sent again after a failure.
  private static let frameBytes = 256 << 10
  /// So many batches are kept alive by rows of theirs that wait for a frame.
  private static let heldLimit = 64
  /// Topic record, head of the frame, names of splits.
  private static let overhead = 4096

  init(_ edge: StageCut.Edge, _ shard: JobShard, partitions: Int, recordBytes: Int) {
    self.edge = edge
    self.shard = shard
    self.partitions = partitions
    rowBytes = min(recordBytes, RowUnpacker.bodyLimit) - Self.overhead
    if let combining = edge.combining, let summary = edge.summary, combining.summaryBytes <= rowBytes {
      combiner = combining.makeCombiner(edge.schema, summary)
    } else {
      combiner = nil
    }
    builders = Array(repeating: nil, count: partitions)
    sequences = Array(repeating: 0, count: partitions)
  }

  func open(_ context: OperatorContext) throws {
    splits = context.splits
    runtime = context.runtime
    incarnation = context.runtime.random()
    packer = try RowPacker()
  }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    if let key = edge.key { Exchange.hashKeys(of: batch, key) }
    let received = batch.selectedCount
    combiner?.combine(batch, clock: clock)
    output.absorb(received - batch.selectedCount)
    if combiner?.isFull == true { try flushCombiner() }
    guard batch.selectedCount > 0 else { return }
    if edge.summary != nil { batch.extend(to: edge.schema) }
    try refuseLong(batch, output)
    output.absorb(batch.selectedCount)
    try send(batch)
  }

  /// No receiver's clock is ahead of this. A shard that never was idle holds all of them back; any other only knows what time it is for everybody.
  private var clock: Int64 { wasIdle ? max(watermark, runtime?.now() ?? .max) : watermark }

  private func flushCombiner() throws {
    try combiner?.flush { batch in
      if let key = edge.key { Exchange.hashKeys(of: batch, key) }
      try send(batch)
    }
  }

  /// Takes rows out that no record of the topic can hold.
  private func refuseLong(_ batch: RecordBatch, _ output: Output) throws {
    var refused: [Int] = []
    for index in 0..<batch.selectedCount where size(batch, Int(batch.selection[index])) > rowBytes {
      refused.append(Int(batch.selection[index]))
    }
    guard !refused.isEmpty else { return }
    for row in refused {
      try output.fail(
        batch, row: row, reason: "record-too-large", detail: "\(size(batch, row)) bytes; a record of the exchange has at most \(rowBytes)")
    }
    batch.filterSelection { !refused.contains($0) }
  }

  private func send(_ batch: RecordBatch) throws {
    guard batch.selectedCount > 0 else { return }
    scatter(batch)
    held += 1
    if held >= Self.heldLimit { flush() }
  }

  func onWatermark(_ watermark: Int64, _ output: Output) { self.watermark = watermark }
  func onIdle(_ isIdle: Bool, _ output: Output) {
    self.isIdle = isIdle
    wasIdle = wasIdle || isIdle
  }
  func onEndOfInput(_ output: Output) { isEnded = true }
  func onDrain() { isDrained = true }

  func snapshot(_ into: inout SnapshotBuilder) throws {
    try flushCombiner()
    flush()
    let mark = Mark(watermark: watermark, isIdle: isIdle, isEnded: isEnded)
    if mark != marked || isDrained {
      for partition in 0..<partitions {
        append(isDrained ? .last : .mark, to: partition) { frame in
          (frame.watermark, frame.isIdle, frame.isEnded) = (mark.watermark, mark.isIdle, mark.isEnded)
        }
      }
      marked = mark
    }
    var bytes: [UInt8] = []
    bytes.append(integer: incarnation)
    bytes.append(integer: watermark)
    bytes.append(integer: UInt32(partitions))
    for sequence in sequences { bytes.append(integer: sequence) }
    bytes.append(wasIdle ? 1 : 0)
    into.add("sequences", bytes)
  }

  func restore(_ from: StateReader) throws {
    // State of another cut of the job: its receivers may be further.
    wasIdle = true
    guard let section = from.sections("sequences").first else { return }
    try section.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      incarnation = try reader.integer()
      watermark = try reader.integer()
      let count = Int(try reader.integer(UInt32.self))
      guard count == partitions else { throw StateFormatError("the exchange had \(count) partitions, the job names \(partitions)") }
      for partition in 0..<count { sequences[partition] = try reader.integer() }
      // One byte more since rows are combined.
      if !reader.isAtEnd { wasIdle = try reader.integer(UInt8.self) != 0 }
    }
  }

  func takeStage() -> (bytes: [UInt8], rows: Int) {
    defer { (stage, frames) = ([], 0) }
    return (stage, frames)
  }

  // MARK: Rows

  /// Hands every alive row, whose key is hashed, to the partition that owns its key group; without a key all go to the shard's own.
  private func scatter(_ batch: RecordBatch) {
    let selection = UnsafeBufferPointer(start: batch.selection, count: batch.selectedCount)
    guard edge.key != nil else { return append(selection, of: batch, to: shard.index % partitions) }
    var rows = [[UInt16]](repeating: [], count: partitions)
    for row in selection { rows[KeyGroup.subtask(ofGroup: batch.keys[Int(row)].group, parallelism: partitions)].append(row) }
    for partition in rows.indices where !rows[partition].isEmpty {
      rows[partition].withUnsafeBufferPointer { append($0, of: batch, to: partition) }
    }
  }

  private func append(_ rows: UnsafeBufferPointer<UInt16>, of batch: RecordBatch, to partition: Int) {
    var start = 0
    while start < rows.count {
      let builder = builders[partition] ?? RecordBatch(fields: edge.fields, width: edge.schema.width)
      builders[partition] = builder
      let room = min(rows.count - start, RecordBatch.capacity - builder.count)
      builder.append(UnsafeBufferPointer(rebasing: rows[start..<(start + room)]), of: batch, fields: edge.fields)
      start += room
      if builder.isFull { flush(partition) }
    }
  }

  private func flush() {
    for partition in 0..<partitions { flush(partition) }
    held = 0
  }

  /// Makes frames of the rows that wait for this partition.
  private func flush(_ partition: Int) {
    guard let builder = builders[partition] else { return }
    builders[partition] = nil
    var start = 0
    var bytes = 0
    for row in 0..<builder.count {
      let more = size(builder, row)
      if row > start, bytes + more > min(Self.frameBytes, rowBytes) {
        append(builder, start..<row, to: partition)
        (start, bytes) = (row, 0)
      }
      bytes += more
    }
    append(builder, start..<builder.count, to: partition)
  }

  private func append(_ batch: RecordBatch, _ rows: Range<Int>, to partition: Int) {
    append(.rows, to: partition) { _ in
    } rows: { bytes in
      self.packer?.append(batch, rows, fields: self.edge.fields, raws: self.edge.carriesRaws, splitName: self.splits.name, to: &bytes)
    }
  }

  /// Stages the next frame of a partition.
  private func append(
    _ kind: ExchangeFrame.Kind, to partition: Int, _ fill: (inout ExchangeFrame) -> Void, rows: (inout [UInt8]) -> Void = { _ in }
  ) {
    sequences[partition] += 1
    var frame = ExchangeFrame(kind: kind, shard: UInt32(shard.index), incarnation: incarnation, sequence: sequences[partition])
    fill(&frame)
    if stage.isEmpty { stage = TopicStage.placedSignature }
    var stage = self.stage
    self.stage = []
    let start = withUnsafeBytes(of: UInt32(partition).littleEndian) { key in
      TopicRecord.begin(
        timestamp: RecordBatch.noTime, key: ByteView(base: key.baseAddress?.assumingMemoryBound(to: UInt8.self), count: key.count),
        to: &stage)
    }
    let value = stage.count
    frame.append(to: &stage)
    rows(&stage)
    TopicRecord.finish(start, valueCount: stage.count - value, headers: 0, in: &stage)
    self.stage = stage
    frames += 1
  }

  /// Bytes that a row takes in a frame, or a few more.
  private func size(_ batch: RecordBatch, _ row: Int) -> Int {
    var bytes = 28 + (edge.carriesRaws ? batch.raws[row].count : 0)
    for field in edge.fields {
      switch field.type {
      case .bytes, .vector: bytes += 4 + batch.bytes(field)[row].count
      case .int64, .double, .time, .bool: bytes += 9
      }
    }
    return bytes
  }
}
