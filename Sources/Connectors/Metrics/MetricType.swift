internal import Dataflow

/// What kind of numbers a metric has, in the words of the column `type`.
enum MetricType: Int, CaseIterable {
  case gauge, sum, histogram, exponentialHistogram, summary
  case gaugeHistogram, info, stateSet
  /// Of a series that came without metadata.
  case unknown

  /// The type that a number of Prometheus' `MetricType` stands for.
  init(prometheus number: UInt64) {
    switch number {
    case 1: self = .sum
    case 2: self = .gauge
    case 3: self = .histogram
    case 4: self = .gaugeHistogram
    case 5: self = .summary
    case 6: self = .info
    case 7: self = .stateSet
    default: self = .unknown
    }
  }

  var name: StaticString {
    switch self {
    case .gauge: "gauge"
    case .sum: "sum"
    case .histogram: "histogram"
    case .exponentialHistogram: "exponential_histogram"
    case .summary: "summary"
    case .gaugeHistogram: "gauge_histogram"
    case .info: "info"
    case .stateSet: "state_set"
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
    types = MetricType.allCases.map { OTLPWord.copy($0.name, batch) }
    temporalities = [.null, batch.copy("delta"), batch.copy("cumulative")]
    unknown = batch.copy("unknown")
  }
}
