internal import Logging

/// What the HTTP framework has to say: errors, to the program's log. The framework gives each request a logger with a number of its own, and the usual
/// handler makes text of that at once, whether or not anything is ever said; this one only keeps it.
struct FrameworkLog: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.error
  private let log = Logger(label: "sloscout.server.http")

  static func logger() -> Logger { Logger(label: "sloscout.server.http") { _ in FrameworkLog() } }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    log.log(level: event.level, event.message, metadata: metadata.merging(event.metadata ?? [:]) { _, own in own })
  }
}
