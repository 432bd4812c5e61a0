internal import Dataflow

/// What kind of numbers a metric has, in the words of the column `type`.
enum MetricType: Int, CaseIterable {
  case gauge, sum, histogram, exponentialHistogram, summary
  /// Of a series that came without metadata.
  case unknown

  var name: StaticString {
    switch self {
    case .gauge: "gauge"
    case .sum: "sum"
    case .histogram: "histogram"
    case .exponentialHistogram: "exponential_histogram"
    case .summary: "summary"
    case .unknown: "unknown"
    }
  }
}

/// The words that columns of metrics repeat, in the memory of a batch.
struct MetricWords {
  let types: [ByteView]
  /// By the numbers of OTLP's `AggregationTemporality`; null for "unspecified".
  let temporalities: [ByteView]
  let unknown: ByteView

  init(_ batch: RecordBatch) {
    types = MetricType.allCases.map { batch.copy(UnsafeBufferPointer(start: $0.name.utf8Start, count: $0.name.utf8CodeUnitCount)) }
    temporalities = [.null, batch.copy("delta"), batch.copy("cumulative")]
    unknown = batch.copy("unknown")
  }
}
