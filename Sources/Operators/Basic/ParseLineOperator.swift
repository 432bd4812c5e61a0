internal import Dataflow

final class ParseLineOperator: Operator {
  /// What is known of a split while the job runs.
  private struct Split {
    let name: String
    /// `<name>:`, the beginning of its records' ids.
    let idPrefix: [UInt8]
    let service: ConstantPool
    var clock: LineClock
  }

  private let options: ParseLine.Options
  private let parser: LineParser
  /// The severities by raw value, then the environment.
  private let constants: ConstantPool
  private var splits: [Split?] = []
  /// Clocks of the checkpoint whose splits have had no record since.
  private var restored: [String: LineClock] = [:]
  private var table = SplitTable()
  private var runtime: (any Runtime)?

  init(_ options: ParseLine.Options) {
    self.options = options
    parser = LineParser(assumedOffset: options.utcOffset)
    constants = ConstantPool(LogSeverity.allCases.map(\.name) + [options.environmentName])
  }

  func open(_ context: OperatorContext) throws {
    table = context.splits
    runtime = context.runtime
  }

  func process(_ batch: RecordBatch, _ output: Output) throws {
    batch.extend(to: options.output)
    batch.retain(constants.block)
    var blank = 0
    var timeless = 0
    let lines = batch.bytes(options.line)
    try batch.filterSelection { row in
      let view = lines[row]
      guard let base = view.base else {
        try output.fail(batch, row: row, reason: "null-line")
        return false
      }
      let text = LineText(base: base, count: view.count)
      let line = parser.parse(text)
      guard !line.message.isEmpty || line.time != nil || line.yearless != nil else {
        blank += 1
        return false
      }
      let split = Int(batch.splits[row])
      if split >= splits.count || splits[split] == nil { register(split) }
      let time = self.time(of: line, split, offset: batch.offsets[row])
      batch.times[row] = time ?? RecordBatch.noTime
      timeless += time == nil ? 1 : 0
      write(line, text, batch, row, split)
      return true
    }
    output.filtered(blank)
    if timeless > 0 { try settleTimeless(batch, output) }
    let (times, column, nulls) = (batch.times, batch.int64s(options.time), batch.nulls(options.time))
    for i in 0..<batch.selectedCount {
      let row = Int(batch.selection[i])
      column[row] = times[row]
      nulls[row] = 0
    }
    try output.emit(batch)
  }

  // MARK: Time

  /// The line's time, or the last one before it; nil when the split has had none yet, or when such lines are refused.
  private func time(of line: ParsedLine, _ split: Int, offset: Int64) -> Int64? {
    guard var clock = splits[split]?.clock else { return nil }
    let stated = line.time ?? line.yearless.flatMap { clock.place($0, offset: options.utcOffset) }
    guard let stated else { return options.refusesUnknownTime ? nil : clock.last }
    clock.last = stated
    clock.offset = offset
    splits[split]?.clock = clock
    return stated
  }

  /// Gives the lines before the first stated time of their split that time, or refuses them.
  private func settleTimeless(_ batch: RecordBatch, _ output: Output) throws {
    let (times, splits) = (batch.times, batch.splits)
    if options.refusesUnknownTime {
      try batch.filterSelection { row in
        guard times[row] == RecordBatch.noTime else { return true }
        try output.fail(batch, row: row, reason: "unknown-time")
        return false
      }
      return
    }
    // Backwards, so that the nearest following time of the same split is at hand.
    var following: (split: UInt32, time: Int64)?
    for i in stride(from: batch.selectedCount - 1, through: 0, by: -1) {
      let row = Int(batch.selection[i])
      if times[row] == RecordBatch.noTime {
        let known = following.flatMap { $0.split == splits[row] ? $0.time : nil }
        times[row] = known ?? self.splits[Int(splits[row])]?.clock.reference ?? 0
      } else {
        following = (splits[row], times[row])
      }
    }
  }

  // MARK: Columns

  private func write(_ line: ParsedLine, _ text: LineText, _ batch: RecordBatch, _ row: Int, _ split: Int) {
    guard let known = splits[split] else { return }
    let severity = line.severity ?? .info
    batch.bytes(options.severity)[row] = constants.views[Int(severity.rawValue)]
    batch.bytes(options.environment)[row] = constants.views[LogSeverity.allCases.count]
    batch.bytes(options.message)[row] = text.view(line.message)
    if let service = line.service, options.serviceName == nil {
      batch.bytes(options.service)[row] = text.view(service)
    } else {
      batch.retain(known.service.block)
      batch.bytes(options.service)[row] = known.service.views[0]
    }
    batch.bytes(options.eventID)[row] = id(batch, row, known.idPrefix)
  }

  /// `<split>:<offset>`, and `:<ordinal>` for records that share an offset.
  private func id(_ batch: RecordBatch, _ row: Int, _ prefix: [UInt8]) -> ByteView {
    let room = prefix.count + 32
    let start = batch.allocate(room)
    prefix.withUnsafeBufferPointer { bytes in
      if let base = bytes.baseAddress { start.update(from: base, count: bytes.count) }
    }
    var count = prefix.count
    count += Self.write(max(0, batch.offsets[row]), to: start + count)
    if batch.ordinals[row] > 0 {
      start[count] = UInt8(ascii: ":")
      count += 1 + Self.write(Int64(batch.ordinals[row]), to: start + count + 1)
    }
    // A block of its own (a huge split name) has no tail to give back.
    if room <= MemoryBlock.standardSize / 2 { batch.trim(room - count) }
    return ByteView(base: start, count: count)
  }

  /// Writes a number that is not negative in decimal. Returns the number of digits.
  private static func write(_ number: Int64, to target: UnsafeMutablePointer<UInt8>) -> Int {
    var digits = 1
    var bound: Int64 = 10
    while digits < 19, number >= bound {
      digits += 1
      if digits < 19 { bound *= 10 }
    }
    var rest = number
    for i in stride(from: digits - 1, through: 0, by: -1) {
      target[i] = UInt8(truncatingIfNeeded: rest % 10) + 0x30
      rest /= 10
    }
    return digits
  }

  // MARK: State

  private func register(_ split: Int) {
    while splits.count <= split { splits.append(nil) }
    let name = table.name(UInt32(split))
    let fresh = LineClock(reference: options.referenceTime ?? runtime?.now() ?? 0)
    splits[split] = Split(
      name: name, idPrefix: Array("\(name):".utf8), service: ConstantPool([options.serviceName ?? SplitLabels.service(of: name)]),
      clock: restored.removeValue(forKey: name) ?? fresh)
  }

  func snapshot(_ into: inout SnapshotBuilder) throws {
    var clocks = restored
    for case let split? in splits { clocks[split.name] = split.clock }
    into.add("clocks", LineClockCoding.encode(clocks))
  }

  func restore(_ from: StateReader) throws {
    for section in from.sections("clocks") {
      guard let clocks = LineClockCoding.decode(section) else { throw StateFormatError() }
      for (name, clock) in clocks where clock.offset >= (restored[name]?.offset ?? Int64.min) { restored[name] = clock }
    }
  }

  /// A checkpoint holds line clocks that this version does not read.
  struct StateFormatError: Error, CustomStringConvertible {
    var description: String { "the state of parse-line is of an unknown format" }
  }
}
