internal import CScan
internal import Dataflow
internal import Glibc

/// Data points of metrics to rows.
struct OTLPMetricWriter: OTLPRecordWriter {
  static let resources: (StaticString, StaticString) = ("resourceMetrics", "resource_metrics")
  static let scopes: (StaticString, StaticString) = ("scopeMetrics", "scope_metrics")
  static let records: (StaticString, StaticString) = ("metrics", "metrics")
  static let schema = MetricColumns.schema

  private static let temporalities: [StaticString] = ["unspecified", "delta", "cumulative"]

  let splits: SplitTable
  private var prefixes = OTLPSplitNames()
  private var columns: MetricColumns?
  private var words: MetricWords?
  private var header = Header()
  private var attributes = OTLPAttributes()
  private var scratch: [UInt8] = []

  init(splits: SplitTable) { self.splits = splits }

  /// What the data points of one metric share.
  private struct Header {
    var name = ByteView.null
    var unit = ByteView.null
    var description = ByteView.null
    var metadata = ByteView.null
    var type = MetricType.gauge
    var temporality = 0
    var isMonotonic: Bool?
  }

  mutating func begin(_ batch: RecordBatch) {
    columns = MetricColumns(batch)
    words = MetricWords(batch)
  }

  // MARK: The metric

  mutating func enter(_ item: Int, _ text: OTLPText, _ batch: RecordBatch) throws(OTLPRefusal) -> OTLPItem {
    guard var index = text.object(item) else { throw OTLPRefusal(reason: "wrong-type", detail: "a metric is not an object") }
    header = Header()
    var data: Int?
    while let member = text.next(&index) {
      if member.is("name") {
        header.name = text.string(member.value, batch)
      } else if member.is("unit") {
        header.unit = text.string(member.value, batch)
      } else if member.is("description") {
        header.description = text.string(member.value, batch)
      } else if member.is("metadata") {
        header.metadata = text.list(member.value)
      } else if let type = Self.type(member) {
        header.type = type
        data = member.value
      }
      index = text.end(of: member.value)
    }
    guard header.name.count > 0 else { throw OTLPRefusal(reason: "wrong-type", detail: "a metric has no name") }
    guard let data, var index = text.object(data) else {
      throw OTLPRefusal(reason: "wrong-type", detail: "the metric \"\(header.name.string)\" has no data of a known type")
    }
    if header.unit.count == 0 { header.unit = .null }
    if header.description.count == 0 { header.description = .null }
    var points: Int?
    while let member = text.next(&index) {
      if member.is("dataPoints", "data_points") {
        points = member.value
      } else if member.is("aggregationTemporality", "aggregation_temporality") {
        header.temporality = try OTLPWord.index(
          member.value, of: Self.temporalities, "aggregation_temporality_", "aggregationTemporality", text)
      } else if member.is("isMonotonic", "is_monotonic") {
        header.isMonotonic = text.first(member.value) == UInt8(ascii: "t")
      }
      index = text.end(of: member.value)
    }
    // The protocol's JSON leaves out what is false.
    if header.type == .sum, header.isMonotonic == nil { header.isMonotonic = false }
    return points.map { OTLPItem.records($0) } ?? .nothing
  }

  private static func type(_ member: OTLPText.Member) -> MetricType? {
    if member.is("gauge") { return .gauge }
    if member.is("sum") { return .sum }
    if member.is("histogram") { return .histogram }
    if member.is("exponentialHistogram", "exponential_histogram") { return .exponentialHistogram }
    return member.is("summary") ? .summary : nil
  }

  // MARK: The data point

  /// Where the members of a data point stand.
  private struct Parts {
    var start, time, double, integer, count, sum, min, max, counts, bounds, quantiles, exemplars, flags: Int?
    var scale, zeroCount, zeroThreshold, positive, negative: Int?
    var isListOfAttributes = true
  }

  mutating func write(
    _ index: inout Int, _ text: OTLPText, _ context: inout OTLPContext, _ row: Int, of batch: RecordBatch
  ) -> OTLPRefusal? {
    var parts = Parts()
    attributes.removeAll()
    index += 1
    while let member = text.next(&index) {
      if member.is("attributes") {
        parts.isListOfAttributes = attributes.load(text, &index)
        continue
      }
      Self.place(member, &parts)
      index = text.end(of: member.value)
    }
    do {
      try fill(parts, text, &context, row, batch)
      return nil
    } catch { return error }
  }

  private static func place(_ member: OTLPText.Member, _ parts: inout Parts) {
    let value = member.value
    if member.is("timeUnixNano", "time_unix_nano") {
      parts.time = value
    } else if member.is("startTimeUnixNano", "start_time_unix_nano") {
      parts.start = value
    } else if member.is("asDouble", "as_double") {
      parts.double = value
    } else if member.is("asInt", "as_int") {
      parts.integer = value
    } else if member.is("count") {
      parts.count = value
    } else if member.is("sum") {
      parts.sum = value
    } else if member.is("bucketCounts", "bucket_counts") {
      parts.counts = value
    } else if member.is("explicitBounds", "explicit_bounds") {
      parts.bounds = value
    } else if member.is("min") {
      parts.min = value
    } else if member.is("max") {
      parts.max = value
    } else if member.is("exemplars") {
      parts.exemplars = value
    } else if member.is("flags") {
      parts.flags = value
    } else if member.is("quantileValues", "quantile_values") {
      parts.quantiles = value
    } else if member.is("scale") {
      parts.scale = value
    } else if member.is("zeroCount", "zero_count") {
      parts.zeroCount = value
    } else if member.is("zeroThreshold", "zero_threshold") {
      parts.zeroThreshold = value
    } else if member.is("positive") {
      parts.positive = value
    } else if member.is("negative") {
      parts.negative = value
    }
  }

  private mutating func fill(
    _ parts: Parts, _ text: OTLPText, _ context: inout OTLPContext, _ row: Int, _ batch: RecordBatch
  ) throws(OTLPRefusal) {
    guard let columns, let words else { preconditionFailure("a batch begins before its rows") }
    guard parts.isListOfAttributes else { throw OTLPRefusal.attributes }
    let id = OTLPIdentifier.position(prefixes.name(batch.splits[row], splits), batch.offsets[row], batch.ordinals[row], batch)
    let time = try OTLPTime.nanoseconds(parts.time, "timeUnixNano", text) ?? 0
    try OTLPTime.check(time, "timeUnixNano", of: id)
    let start = try OTLPTime.nanoseconds(parts.start, "startTimeUnixNano", text) ?? 0
    let integer = try Self.integer(parts.integer, "asInt", text)
    let value = try Self.double(parts.double, "asDouble", text) ?? integer.map { Double($0) }
    let (sum, min) = (try Self.double(parts.sum, "sum", text), try Self.double(parts.min, "min", text))
    let (max, count) = (try Self.double(parts.max, "max", text), try Self.integer(parts.count, "count", text))
    let flags = try Self.integer(parts.flags, "flags", text)

    columns.id[row] = id
    columns.name[row] = header.name
    columns.type[row] = words.types[header.type.rawValue]
    columns.unit[row] = header.unit
    columns.description[row] = header.description
    columns.metadata[row] = header.metadata
    columns.temporality[row] = words.temporalities[header.temporality]
    columns.service[row] = context.service
    columns.environment[row] = context.environment
    columns.attributes[row] = context.own(text, attributes, batch)
    columns.resource[row] = context.resourceAttributes
    columns.scopeName[row] = context.scopeName
    columns.scopeVersion[row] = context.scopeVersion
    columns.context[row] = context.rest
    columns.isMonotonic.set(row, header.isMonotonic)
    columns.value.set(row, value)
    columns.integer.set(row, integer)
    columns.sum.set(row, sum)
    columns.min.set(row, min)
    columns.max.set(row, max)
    columns.count.set(row, count)
    columns.flags.set(row, flags)
    columns.start.set(row, start == 0 ? nil : start)
    columns.time.set(row, time)
    if let list = parts.bounds { columns.bounds[row] = text.list(list) }
    if let list = parts.counts { columns.bucketCounts[row] = unquoted(text.list(list), batch) }
    if let list = parts.quantiles { columns.quantiles[row] = text.list(list) }
    if let list = parts.exemplars { columns.exemplars[row] = text.list(list) }
    if header.type == .exponentialHistogram { columns.buckets[row] = exponential(parts, text, batch) }
    batch.times[row] = time
  }

  /// A list of whole numbers, which OTLP writes as strings, as numbers.
  private mutating func unquoted(_ list: ByteView, _ batch: RecordBatch) -> ByteView {
    guard !list.isNull else { return .null }
    let copy = batch.allocate(list.count)
    var count = 0
    for byte in list.buffer where byte != UInt8(ascii: "\"") {
      copy[count] = byte
      count += 1
    }
    return ByteView(base: copy, count: count)
  }

  /// The buckets of an exponential histogram as one object, in the words of OTLP/JSON.
  private mutating func exponential(_ parts: Parts, _ text: OTLPText, _ batch: RecordBatch) -> ByteView {
    scratch.removeAll(keepingCapacity: true)
    for (name, value) in [
      ("scale", parts.scale), ("zeroCount", parts.zeroCount), ("zeroThreshold", parts.zeroThreshold), ("positive", parts.positive),
      ("negative", parts.negative),
    ] as [(StaticString, Int?)] {
      guard let value else { continue }
      scratch.append(contentsOf: (scratch.isEmpty ? "{\"" : ",\"").utf8)
      scratch.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
      scratch.append(contentsOf: "\":".utf8)
      scratch.append(contentsOf: text.raw(value))
    }
    scratch.append(contentsOf: (scratch.isEmpty ? "{}" : "}").utf8)
    return scratch.withUnsafeBufferPointer { batch.copy($0) }
  }

  private static func integer(_ value: Int?, _ name: StaticString, _ text: OTLPText) throws(OTLPRefusal) -> Int64? {
    guard let value, !text.isNull(value) else { return nil }
    guard let number = text.integer(value) else { throw OTLPRefusal(reason: "wrong-type", detail: "\(name) expects a whole number") }
    return number
  }

  private static func double(_ value: Int?, _ name: StaticString, _ text: OTLPText) throws(OTLPRefusal) -> Double? {
    guard let value, !text.isNull(value) else { return nil }
    guard let number = text.double(value) else { throw OTLPRefusal(reason: "wrong-type", detail: "\(name) expects a number") }
    return number
  }
}
