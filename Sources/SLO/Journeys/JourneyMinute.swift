/// What one journey did in one minute: the samples that its own metrics would have had.
package struct JourneyMinute: Sendable, Equatable {
  /// Upper edges of `journey_duration_seconds`, in nanoseconds; what is above the last falls in the bucket `+Inf`.
  package static let bucketEdges: [Int64] = [
    1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 75_000_000, 100_000_000, 150_000_000, 200_000_000, 300_000_000,
    400_000_000, 500_000_000, 750_000_000, 1_000_000_000, 1_500_000_000, 2_000_000_000, 3_000_000_000, 5_000_000_000, 7_500_000_000,
    10_000_000_000, 20_000_000_000, 30_000_000_000, 60_000_000_000,
  ]

  /// The minute's first nanosecond since 1970.
  package var start: Int64
  /// Requests that began in it, weighted by their sampling.
  package var requests: Double
  /// Those that failed.
  package var errors: Double
  /// Requests in each bucket, one more than there are edges; not cumulative. They add up to `requests`.
  package var buckets: [Double]

  package init(start: Int64, requests: Double, errors: Double, buckets: [Double]) {
    self.start = start
    self.requests = requests
    self.errors = errors
    self.buckets = buckets
  }
}
