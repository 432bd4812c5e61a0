internal import Dataflow
internal import Glibc

/// Writes down what the process is doing, one line each, into a file that outlives it: `SLOSCOUT_TRACE=FILE`. For crash tests, which read after
/// a kill where it struck.
///
/// ```
/// <monotonic ns> phase aligning 7
/// <monotonic ns> restored 6 41207
/// <monotonic ns> read 48211
/// ```
/// One `write` a line, appended: what was written before a kill is in the file.
struct CrashTrace: Sendable {
  private let file: Int32

  /// Nil when there is no path, or nothing can be written there.
  init?(path: String?) {
    guard let path else { return nil }
    file = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard file >= 0 else { return nil }
  }

  func note(_ event: JobEvent) {
    switch event {
    case .phase(let phase, let epoch): write("phase \(phase.rawValue) \(epoch)")
    case .restored(let epoch, let records): write("restored \(epoch) \(records)")
    case .checkpoint, .applied, .restarting, .warning: break
    }
  }

  /// The records that the job has read since its first one.
  func note(read records: Int) { write("read \(records)") }

  private func write(_ text: String) {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    var line = "\(time.tv_sec * 1_000_000_000 + time.tv_nsec) \(text)\n"
    line.withUTF8 { _ = Glibc.write(file, $0.baseAddress, $0.count) }
  }
}
