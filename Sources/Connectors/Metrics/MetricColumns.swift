internal import Dataflow

/// The columns of data points of metrics, whatever protocol brought them, and where they begin in the batch that is being filled.
struct MetricColumns {
  static let schema: Schema = {
    var schema = Schema()
    for name in [
      "event_id", "name", "type", "unit", "description", "temporality", "service", "environment", "attributes", "resource", "scope_name",
      "scope_version", "context", "bounds", "bucket_counts", "buckets", "quantiles", "exemplars", "metadata",
    ] { schema.append(name, .bytes) }
    for name in ["value", "sum", "min", "max"] { schema.append(name, .double) }
    for name in ["int_value", "count", "flags"] { schema.append(name, .int64) }
    schema.append("is_monotonic", .bool)
    for name in ["start", "time"] { schema.append(name, .time) }
    return schema
  }()

  /// What a column of numbers holds and which rows it holds nothing for.
  struct Numbers<Value> {
    let values: UnsafeMutablePointer<Value>
    let nulls: UnsafeMutablePointer<UInt8>

    /// Writes the value, if there is one: a fresh row is null.
    @inline(__always)
    func set(_ row: Int, _ value: Value?) {
      guard let value else { return }
      values[row] = value
      nulls[row] = 0
    }
  }

  let id, name, type, unit, description, temporality, service, environment, attributes: UnsafeMutablePointer<ByteView>
  let resource, scopeName, scopeVersion, context: UnsafeMutablePointer<ByteView>
  let bounds, bucketCounts, buckets, quantiles, exemplars, metadata: UnsafeMutablePointer<ByteView>
  let value, sum, min, max: Numbers<Double>
  let integer, count, flags, start, time: Numbers<Int64>
  let isMonotonic: Numbers<Bool>

  /// The columns of a batch of the schema.
  init(_ batch: RecordBatch) {
    var fields = Self.schema.fields.makeIterator()
    func next() -> Field {
      guard let field = fields.next() else { preconditionFailure("there are more columns than fields") }
      return field
    }
    func bytes() -> UnsafeMutablePointer<ByteView> { batch.bytes(next()) }
    func doubles() -> Numbers<Double> {
      let field = next()
      return Numbers(values: batch.doubles(field), nulls: batch.nulls(field))
    }
    func integers() -> Numbers<Int64> {
      let field = next()
      return Numbers(values: batch.int64s(field), nulls: batch.nulls(field))
    }
    // In the order of the schema.
    (id, name, type, unit, description, temporality) = (bytes(), bytes(), bytes(), bytes(), bytes(), bytes())
    (service, environment, attributes, resource) = (bytes(), bytes(), bytes(), bytes())
    (scopeName, scopeVersion, context) = (bytes(), bytes(), bytes())
    (bounds, bucketCounts, buckets, quantiles, exemplars, metadata) = (bytes(), bytes(), bytes(), bytes(), bytes(), bytes())
    (value, sum, min, max) = (doubles(), doubles(), doubles(), doubles())
    (integer, count, flags) = (integers(), integers(), integers())
    let monotonic = next()
    isMonotonic = Numbers(values: batch.bools(monotonic), nulls: batch.nulls(monotonic))
    (start, time) = (integers(), integers())
  }
}
