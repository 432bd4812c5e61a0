internal import ArgumentParser
internal import Foundation
internal import Jobs
internal import SLO

/// Writes the artifact tree of journeys that were found before.
struct ArtifactsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "artifacts", abstract: "Writes objectives, rules with tests, dashboards and runbooks for journeys.",
    discussion: """
      Reads journeys.json, as an analysis writes it, and writes a folder: OpenSLO, Prometheus rules each with a promtool test, Grafana dashboards, runbooks,
      forms for Sloth, Pyrra and Kubernetes, and a report. The same input gives the same bytes. Every query was parsed and typed.

      EXAMPLES
        sloscout artifacts journeys.json --out slo
        sloscout artifacts journeys.json --out slo --variant conservative --days 28 --team checkout
        sloscout artifacts journeys.json --out slo --calendar month
        sloscout artifacts journeys.json --out slo --series series.json      the answer of /api/v1/series: queries use what exists
      """)

  @Argument(help: "The file with the journeys.") var file: String
  @Option(help: "The folder to write; files of the same names are replaced.") var out: String
  @Option(help: "conservative, balanced or aggressive: what rules are made of.") var variant = "balanced"
  @Option(help: "Days of the budget's window.") var days = 30
  @Option(help: "A window of the calendar instead, UTC.") var calendar: ObjectiveWindow.Unit?
  @Option(help: "Who answers for it.") var team = "unassigned"
  @Option(help: "Where the tree will be published, for links in alerts.") var repository = ""
  @Option(help: "The address of Grafana, for links in alerts.") var grafana = ""
  @Option(help: "A file with the answer of Prometheus' /api/v1/series.") var series: String?

  @Option(name: .customLong("existing"), help: "A file of OpenSLO, Sloth or Pyrra (repeatable): says what is covered by it already.")
  var existing: [String] = []

  func run() throws {
    var options = ArtifactOptions()
    guard let chosen = ObjectiveVariant(rawValue: variant) else {
      throw ValidationError("--variant is conservative, balanced or aggressive")
    }
    guard (1...366).contains(days) else { throw ValidationError("--days is 1 to 366") }
    options.variant = chosen
    options.window = calendar.map(ObjectiveWindow.calendar) ?? .rolling(days: days)
    options.team = team
    options.repository = repository
    options.grafana = grafana
    do {
      if let series {
        options.inventory = SeriesInventory(try Self.read(series))
        guard options.inventory != nil else { throw ValidationError("\(series) is no answer of /api/v1/series") }
      }
      let journeys = try JourneyDocument.read(try Self.read(file))
      let files = try ArtifactTree.make(journeys: journeys, options: options)
      try ArtifactFolder.write(files, to: out)
      let imported = try existing.flatMap { try ObjectivesFile.read(path: $0) }
      for journey in journeys where !imported.isEmpty {
        for indicator in JourneyPlan(journey, options).indicators {
          let names = imported.filter { $0.covers(indicator) }.map { "\($0.name) (\($0.format.rawValue), \($0.target.percentText) %)" }
          print("\(indicator.name): \(names.isEmpty ? "new" : "covered by " + names.joined(separator: ", "))")
        }
      }
      print("\(files.count) files for \(journeys.count) journeys in \(out); begin with \(out)/index.html")
    } catch let error as any CustomStringConvertible & Error where !(error is ValidationError) {
      Terminal.error("\(error)")
      throw ExitCode(Exit.failed)
    }
  }

  private static func read(_ path: String) throws -> StructuredValue {
    try JSONReader.read([UInt8](try Data(contentsOf: URL(fileURLWithPath: path))))
  }
}

extension ObjectiveWindow.Unit: ExpressibleByArgument {}

/// Puts files into a folder.
enum ArtifactFolder {
  /// Writes all files below `folder`; each is complete or as it was before. Throws what the file system says.
  static func write(_ files: [ArtifactTree.File], to folder: String) throws {
    try write(files.map { (path: $0.path, bytes: $0.bytes) }, to: folder)
  }

  /// The same for files that come from elsewhere; the caller knows that their paths stay below the folder.
  static func write(_ files: [(path: String, bytes: [UInt8])], to folder: String) throws {
    let root = URL(fileURLWithPath: folder, isDirectory: true)
    for file in files {
      let url = root.appending(path: file.path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(file.bytes).write(to: url, options: .atomic)
    }
  }
}
