internal import Dataflow
internal import FakeCatalog
internal import Jobs

/// Loads texts with the fake catalog.
enum Loader {
  struct NoFile: Error {}

  static func load(
    _ text: String, environment: [String: String] = [:], files: [String: [UInt8]] = [:], catalog: ComponentCatalog = FakeCatalog.catalog
  ) -> LoadedJobs {
    load(bytes: Array(text.utf8), environment: environment, files: files, catalog: catalog)
  }

  static func load(
    bytes: [UInt8], environment: [String: String] = [:], files: [String: [UInt8]] = [:], catalog: ComponentCatalog = FakeCatalog.catalog
  ) -> LoadedJobs {
    let loader = JobLoader(catalog: catalog, environment: environment) { path in
      guard let bytes = files[path] else { throw NoFile() }
      return bytes
    }
    return loader.load([("jobs.yaml", bytes)])
  }

  /// A job whose file source has the given path, written as YAML.
  static func job(path: String, before: String = "", description: String = "none") -> String {
    """
    \(before)apiVersion: sloscout/v1
    kind: Job
    metadata: { name: copy }
    spec:
      description: \(description)
      sources:
        lines: { type: file, config: { path: \(path) } }
      sinks:
        copy: { type: file, inputs: [lines], config: { path: out.jsonl } }

    """
  }

  /// What the file source of `job(path:)` got as its path.
  static func path(_ loaded: LoadedJobs) -> String? {
    loaded.definitions.first?.components.first?.config?.string("path")
  }

  static func codes(_ loaded: LoadedJobs) -> [String] { loaded.diagnostics.map(\.code) }

  static func text(_ loaded: LoadedJobs) -> String { DiagnosticRenderer(sources: loaded.sources).text(loaded.diagnostics) }
}
