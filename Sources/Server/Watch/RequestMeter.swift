internal import Synchronization

/// How many requests each route answered, how, and how fast. Bounded by the table of routes.
package final class RequestMeter: Sendable {
  private struct Key: Hashable {
    var method: String
    var route: String
    var status: Int
  }

  private struct Histogram {
    /// Requests up to each bound, not counting those below the bound before; the last is for all that took longer.
    var counts = [Int](repeating: 0, count: RequestMeter.bounds.count + 1)
    var seconds = 0.0
  }

  /// Upper edges in seconds, with the text that Prometheus has for each.
  private static let bounds: [(seconds: Double, text: String)] = [
    (0.001, "0.001"), (0.005, "0.005"), (0.01, "0.01"), (0.025, "0.025"), (0.05, "0.05"), (0.1, "0.1"), (0.25, "0.25"), (0.5, "0.5"),
    (1, "1.0"),
    (2.5, "2.5"), (5, "5.0"), (10, "10.0"),
  ]
  private static let name = "sloscout_http_request_duration_seconds"

  private let histograms = Mutex<[Key: Histogram]>([:])

  package init() {}

  /// Notes an answer. For one that goes on, as server-sent events do, the time until it began.
  package func note(_ method: String, _ route: String, _ status: Int, nanoseconds: Int64) {
    let seconds = Double(nanoseconds) / 1e9
    let bucket = Self.bounds.firstIndex { seconds <= $0.seconds } ?? Self.bounds.count
    histograms.withLock { histograms in
      histograms[Key(method: method, route: route, status: status), default: Histogram()].counts[bucket] += 1
      histograms[Key(method: method, route: route, status: status), default: Histogram()].seconds += seconds
    }
  }

  /// In the text format of Prometheus; empty before the first request.
  package var text: String {
    let found = histograms.withLock { $0 }.sorted {
      ($0.key.route, $0.key.method, $0.key.status) < ($1.key.route, $1.key.method, $1.key.status)
    }
    guard !found.isEmpty else { return "" }
    var lines = ["# HELP \(Self.name) Time from a request's head to the head of its answer.", "# TYPE \(Self.name) histogram"]
    for (key, histogram) in found {
      let labels = "method=\"\(key.method)\",route=\"\(key.route)\",status=\"\(key.status)\""
      var sum = 0
      for (bound, count) in zip(Self.bounds.map(\.text) + ["+Inf"], histogram.counts) {
        sum += count
        lines.append("\(Self.name)_bucket{\(labels),le=\"\(bound)\"} \(sum)")
      }
      lines.append("\(Self.name)_sum{\(labels)} \(histogram.seconds)")
      lines.append("\(Self.name)_count{\(labels)} \(sum)")
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
