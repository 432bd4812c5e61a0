public import Dataflow
internal import Logging

/// The source type `file`: the lines of files, plain or compressed, read once to their end or followed as they grow.
///
/// - Output: `line`, the bytes between two newlines without a trailing carriage return; empty lines are left out. Event times are not known.
/// - Errors: lines above `maxLineBytes`, as `line-too-long` with up to 16 MiB of their bytes.
/// - Guarantees: exactly once per byte of content, over restarts, rotation (rename and copytruncate) and other parallelism.
public enum FileSource {
  /// The entry for the catalog.
  public static let type = SourceType(descriptor, givesLines: true, plan: plan)

  /// What the source is called and which options it takes.
  public static let descriptor = Descriptor(
    type: "file", summary: "Reads the lines of files, plain or compressed, once or as they grow.",
    fields: [
      ConfigField(
        "path", .any, required: true, example: "logs/*.log", "A path or a list of paths; `*`, `?` and `**` stand for more than one."),
      ConfigField("mode", .choice(["once", "follow"]), default: "once", "Read to the present end, or wait for more and for new files."),
      ConfigField(
        "compression", .choice(["auto", "none", "gzip", "zstd"]), default: "auto",
        "How files are packed; `auto` looks at their first bytes."),
      ConfigField("maxLineBytes", .byteCount, default: "1MiB", "Longer lines go to the errors output."),
      ConfigField(
        "startFrom", .choice(["beginning", "end"]), default: "beginning", "Where to start in files that are there when following starts."),
      ConfigField("pollInterval", .duration, default: "250ms", "How often followed files and new names are looked for."),
    ],
    example: "path: /var/log/app/*.log\nmode: follow")

  /// Makes the plan. Decoders of a format go behind those it names.
  ///
  /// - Throws: `Diagnostic` for options that cannot be used.
  public static func plan(_ config: Config) throws -> PlannedSource {
    var options = try FileSourceOptions(config)
    let logger = Logger(label: "sloscout.file-source")
    options.warn = { logger.warning("\($0)") }
    return plan(options)
  }

  package static func plan(_ options: FileSourceOptions) -> PlannedSource {
    let agreement = FileAgreement(options)
    return PlannedSource(
      schema: LineColumns.schema, isReplayable: true, isBounded: options.mode == .once, decoders: [FileLineGuard.planned(options)]
    ) {
      switch options.mode {
      case .once: FileOnceReader(options, agreement)
      case .follow: FileFollowReader(options, agreement)
      }
    }
  }
}
