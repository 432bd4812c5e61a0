internal import Dataflow
internal import SLO

extension EnvironmentTraces {
  /// Everything but the spans, which stand in the operator's log.
  func append(to bytes: inout [UInt8]) {
    bytes.append(integer: newest)
    bytes.append(integer: Int64(news))
    bytes.append(integer: UInt32(kept.count))
    for trace in kept {
      bytes.append(integer: trace.id.high)
      bytes.append(integer: trace.id.low)
      bytes.append(integer: trace.time)
      bytes.append(integer: Int64(trace.offset))
      bytes.append(integer: trace.length)
      bytes.append(integer: UInt8(trace.isDecided ? 1 : 0))
    }
    bytes.append(integer: UInt32(senders.ids.count))
    for id in senders.ids {
      bytes.append(integer: id.high)
      bytes.append(integer: id.low)
    }
    bytes.append(integer: UInt32(slugs.count))
    for (id, slug) in slugs.sorted(by: { $0.key < $1.key }) {
      bytes.append(counted: id)
      bytes.append(counted: slug)
    }
    bytes.append(integer: UInt32(book.series.count))
    for series in book.series {
      bytes.append(counted: series.family)
      bytes.append(integer: UInt16(series.labels.count))
      for label in series.labels {
        bytes.append(counted: label.name)
        bytes.append(counted: label.value)
      }
      bytes.append(integer: series.tally.count)
      bytes.append(integer: series.tally.sum)
      bytes.append(integer: UInt16(series.tally.buckets.count))
      for units in series.tally.buckets { bytes.append(integer: units) }
    }
  }

  /// Reads what `append` wrote.
  ///
  /// - Parameter shift: what is to be added to offsets into the log.
  /// - Throws: `StateFormatError` where the bytes end early.
  static func read(_ reader: inout ByteReader, name: String, shift: Int, _ options: TraceMetricsOptions) throws -> EnvironmentTraces {
    var environment = EnvironmentTraces(name, options)
    environment.newest = try reader.integer()
    let news = Int(try reader.integer(Int64.self))
    var kept: [Kept] = []
    for _ in 0..<(try reader.integer(UInt32.self)) {
      let id = TraceID(high: try reader.integer(), low: try reader.integer())
      let time: Int64 = try reader.integer()
      let offset = Int(try reader.integer(Int64.self)) + shift
      let length: Int32 = try reader.integer()
      kept.append(Kept(id: id, time: time, offset: offset, length: length, isDecided: try reader.integer(UInt8.self) != 0))
    }
    var senders = ForgottenSenders(limit: options.remember)
    for _ in 0..<(try reader.integer(UInt32.self)) { senders.add(TraceID(high: try reader.integer(), low: try reader.integer())) }
    var slugs: [String: String] = [:]
    for _ in 0..<(try reader.integer(UInt32.self)) {
      let id = try reader.text()
      slugs[id] = try reader.text()
    }
    environment.restore(kept: kept, news: news, senders: senders, slugs: slugs)
    for _ in 0..<(try reader.integer(UInt32.self)) {
      let family = try reader.text()
      var labels: [(name: String, value: String)] = []
      for _ in 0..<(try reader.integer(UInt16.self)) {
        let name = try reader.text()
        labels.append((name, try reader.text()))
      }
      var tally = HistogramTally(edges: 0)
      tally.count = try reader.integer()
      tally.sum = try reader.integer()
      tally.buckets = []
      for _ in 0..<(try reader.integer(UInt16.self)) { tally.buckets.append(try reader.integer()) }
      environment.book.restore(MetricBook.Series(family: family, labels: labels, tally: tally))
    }
    return environment
  }
}
