internal import Dataflow

/// What a file source was asked to read, and how.
package struct FileSourceOptions: Sendable {
  package enum Mode: String, Sendable, CaseIterable {
    case once
    case follow
  }
  package enum Packing: String, Sendable, CaseIterable {
    case auto
    case none
    case gzip
    case zstd
  }
  package enum Start: String, Sendable, CaseIterable {
    case beginning
    case end
  }

  package var patterns: [String]
  package var mode = Mode.once
  package var compression = Packing.auto
  package var maxLineBytes = 1 << 20
  package var startFrom = Start.beginning
  /// Nanoseconds.
  package var pollInterval: Int64 = 250_000_000
  /// Plain files above this size are read in stripes in mode `once`.
  package var stripedAbove: Int64 = 8 << 20
  /// With the line that crosses its end such a block fits into a block of memory.
  package var stripeBlockSize = 240 << 10
  /// Told what a person should know and the job survives.
  package var warn: @Sendable (String) -> Void = { _ in }

  package init(patterns: [String]) { self.patterns = patterns }

  /// - Throws: `Diagnostic` for a `path` that is no path.
  init(_ config: Config) throws {
    patterns = try Self.patterns(config)
    if let text = config.string("mode"), let mode = Mode(rawValue: text) { self.mode = mode }
    if let text = config.string("compression"), let packing = Packing(rawValue: text) { compression = packing }
    if let text = config.string("startFrom"), let start = Start(rawValue: text) { startFrom = start }
    if let bytes = config.byteCount("maxLineBytes") {
      guard (1...LineReader.rawLimit).contains(bytes) else {
        throw config.diagnostic(
          "maxLineBytes", code: "file.line-limit", "maxLineBytes must be between 1B and 16MiB",
          hint: "lines beyond it go to the errors output")
      }
      maxLineBytes = bytes
    }
    if let interval = config.duration("pollInterval") {
      guard interval >= 1_000_000 else {
        throw config.diagnostic(
          "pollInterval", code: "file.poll-interval", "pollInterval must be at least 1ms", hint: "250ms is the default")
      }
      pollInterval = interval
    }
  }

  /// How the content of an open file is packed.
  func compression(of file: PosixFile) throws -> Compression {
    switch compression {
    case .auto: try Compression.detect(file)
    case .none: .none
    case .gzip: .gzip
    case .zstd: .zstd
    }
  }

  private static func patterns(_ config: Config) throws -> [String] {
    var patterns: [String] = []
    if let one = config.string("path") { patterns = [one] }
    if let many = config.strings("path") { patterns = many }
    if case .any(let value)? = config["path"] {
      switch value.content {
      case .string(let one): patterns = [one]
      case .list(let values):
        patterns = values.compactMap { if case .string(let text) = $0.content { text } else { nil } }
        if patterns.count != values.count { patterns = [] }
      default: break
      }
    }
    guard !patterns.isEmpty, !patterns.contains(where: { Glob($0).isEmpty }) else {
      throw config.diagnostic(
        "path", code: "file.path", "path must be a path or a list of paths", hint: "path: logs/*.log, or path: [a.log, \"b/**/*.log\"]")
    }
    return patterns
  }
}
