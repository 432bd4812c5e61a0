internal import Dataflow

/// Command-line options that replace parts of a job before it is checked.
public enum JobOverride {
  /// The source of that id reads these files instead. Of requests of OTLP it takes the signal that it took before, logs where it named none.
  ///
  /// - Parameter format: `json`, `text`, `lines` or `otlp`.
  public static func input(_ paths: [String], format: String, follow: Bool, source: String = "telemetry") -> [DocumentEdit] {
    let place = ["spec", "sources", source]
    return [
      .derived { document in
        var config: [(String, ConfigValue)] = [
          ("path", ConfigValue(.list(paths.map { .text($0) }))), ("mode", .text(follow ? "follow" : "once")),
        ]
        if format == "otlp" {
          config.append(("signal", document["spec"]?["sources"]?[source]?["config"]?["signal"] ?? .text("logs")))
        } else {
          config.append(("format", .text(format)))
        }
        return [.set(place + ["type"], .text(format == "otlp" ? "otlp-file" : "file")), .set(place + ["config"], .map(config))]
      }
    ]
  }

  /// The edits, for the job of that name only; without a name, for all jobs that are not suspended.
  public static func only(_ job: String?, _ edits: [DocumentEdit]) -> [DocumentEdit] {
    [
      .derived { document in
        if let job { return document["metadata"]?["name"]?.content == .string(job) ? edits : [] }
        return document["spec"]?["state"]?.content == .string("suspended") ? [] : edits
      }
    ]
  }

  /// What the file's name says about its format: OTLP JSON lines, JSON lines or ordinary log lines.
  public static func format(ofPath path: String) -> String {
    var name = path.lowercased()
    for suffix in [".gz", ".zst", ".zstd"] where name.hasSuffix(suffix) { name = String(name.dropLast(suffix.count)) }
    if name.contains(".otlp") { return "otlp" }
    return [".jsonl", ".ndjson", ".json"].contains { name.hasSuffix($0) } ? "json" : "text"
  }

  /// The job gets another name, and with it a state and ledger of its own.
  public static func name(_ name: String) -> [DocumentEdit] { [.set(["metadata", "name"], .text(name))] }

  /// The job runs with that many subtasks a step.
  public static func parallelism(_ count: Int) -> [DocumentEdit] { [.set(["spec", "parallelism"], ConfigValue(.int(Int64(count))))] }

  /// The job keeps its checkpoints in that folder, or in that part of a bucket (`s3://bucket/prefix`).
  public static func state(_ folder: String) -> [DocumentEdit] {
    // A folder needs no connection; that of the bucket it stands in for would be a mistake.
    (folder.hasPrefix("s3://") ? [] : [.remove(["spec", "checkpoint", "connection"])])
      + [.set(["spec", "checkpoint", "store"], .text(folder))]
  }
}
