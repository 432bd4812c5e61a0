internal import Jobs

/// What the server says about a job, as far as the terminal shows it.
struct JobReport: Decodable {
  struct Status: Decodable {
    struct Checkpoint: Decodable {
      var epoch: UInt64
      var at: String
      var duration: Double
    }
    var phase: String
    var message: String
    var records: Int
    var rate: Double
    var watermark: String?
    var lag: Double?
    var errors: Int
    var checkpoint: Checkpoint?
  }
  struct List: Decodable { var jobs: [JobReport] }

  var name: String
  var revision: Int
  var status: Status

  /// Cells of a table; `titles` says of what.
  var cells: [String] {
    [
      name, status.phase, "\(ProgressMeter.short(status.rate))/s", ProgressMeter.short(Double(status.records)),
      status.lag.map { "\(Int($0)) s" } ?? "-", "\(status.errors)", status.message,
    ]
  }
  static let titles = ["JOB", "STATE", "RATE", "RECORDS", "BEHIND", "ERRORS", ""]

  /// Columns as wide as their widest cell.
  static func table(_ rows: [[String]]) -> String {
    let widths = titles.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
