internal import Jobs

/// What the server says about a job, as far as the terminal shows it.
struct JobReport: Decodable {
  struct Status: Decodable {
    struct Checkpoint: Decodable {
      var epoch: UInt64
      var at: String
      var duration: Double
    }
    /// The shards of a job that workers run.
    struct Shards: Decodable {
      struct Shard: Decodable {
        var stage: Int
        var index: Int
        var worker: String?
        var state: String
        var generation: UInt64
        var epoch: UInt64
        var age: Double?
        var records: Int
        var error: String?

        var name: String { "\(stage).\(index)" }
      }
      struct Refusal: Decodable {
        var worker: String
        var error: String
      }
      var version: UInt64
      var workers: Int
      var refused: [Refusal]
      var list: [Shard]?
    }

    var phase: String
    var message: String
    var records: Int
    var rate: Double
    var watermark: String?
    var lag: Double?
    var errors: Int
    var checkpoint: Checkpoint?
    var shards: Shards?
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

  /// The shards, a line each, and below them what failed and who cannot run them; empty for a job of the server itself.
  var shards: [String] {
    guard let shards = status.shards, let list = shards.list else { return [] }
    let rows = list.map { shard in
      [
        shard.name, shard.worker ?? "-", shard.state, "\(shard.epoch)", shard.age.map { "\(Int($0)) s ago" } ?? "-",
        ProgressMeter.short(Double(shard.records)),
      ]
    }
    return [Self.table([["SHARD", "WORKER", "STATE", "CHECKPOINT", "", "RECORDS"]] + rows)]
      + list.compactMap { shard in shard.error.map { "shard \(shard.name): \($0)" } }
      + shards.refused.map { "\($0.worker) cannot run it: \($0.error)" }
  }

  /// Columns as wide as their widest cell.
  static func table(_ rows: [[String]]) -> String {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }.joined(separator: "  ")
      while line.hasSuffix(" ") { line.removeLast() }
      return line
    }.joined(separator: "\n")
  }
}
