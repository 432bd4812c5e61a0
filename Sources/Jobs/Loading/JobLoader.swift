internal import Dataflow

/// Reads job files, checks everything that can be checked without running, and plans the jobs.
///
/// ```swift
/// let loaded = JobLoader(catalog: .standard, environment: ProcessInfo.processInfo.environment).load(paths: ["jobs.yaml"])
/// print(DiagnosticRenderer(sources: loaded.sources).text(loaded.diagnostics))
/// ```
public struct JobLoader: Sendable {
  let catalog: ComponentCatalog
  let environment: [String: String]
  let readFile: @Sendable (String) throws -> [UInt8]
  /// Applied to documents before they are checked.
  public var edits: [DocumentEdit] = []

  /// - Parameters:
  ///   - environment: what `${VAR}` is looked up in.
  ///   - readFile: reads job files and the files of `${file:…}`; blocking.
  public init(
    catalog: ComponentCatalog, environment: [String: String], readFile: @escaping @Sendable (String) throws -> [UInt8] = LocalFile.read
  ) {
    self.catalog = catalog
    self.environment = environment
    self.readFile = readFile
  }

  /// Loads files by path. A file that cannot be read is a diagnostic.
  public func load(paths: [String]) -> LoadedJobs {
    var files: [(name: String, bytes: [UInt8])] = []
    var collector = DiagnosticCollector()
    for path in paths {
      do { files.append((path, try readFile(path))) } catch {
        collector.add(
          Diagnostic(.error, .fileUnreadable, "job file \"\(path)\" cannot be read", detail: "\(error)", hint: "check the path"))
      }
    }
    return load(files, collector)
  }

  /// Loads files whose contents are at hand. Names are for messages.
  public func load(_ files: [(name: String, bytes: [UInt8])]) -> LoadedJobs {
    load(files, DiagnosticCollector())
  }

  private func load(_ files: [(name: String, bytes: [UInt8])], _ before: DiagnosticCollector) -> LoadedJobs {
    var checker = SpecChecker()
    checker.collector = before
    var sources: [SourceText] = []
    var documents: [ConfigValue] = []
    var anchors: [SourceLocation: SourceLocation] = [:]
    for file in files {
      let (source, problems) = YAMLReader.decode(file.bytes, name: file.name)
      sources.append(source)
      checker.collector.add(problems)
      guard problems.isEmpty else { continue }
      let read = YAMLReader.read(source)
      checker.collector.add(read.diagnostics)
      anchors.merge(read.anchors) { first, _ in first }
      let written = read.documents.filter { $0.content != .null }
      if written.isEmpty, read.diagnostics.isEmpty { checker.collector.add(Self.empty(file.name)) }
      documents += written.map { document in
        var document = document
        for edit in edits { edit.apply(&document) }
        return document
      }
    }
    // What cannot be read, or is no document, may be what the rest refers to: nothing is said of the rest.
    var loaded = LoadedJobs()
    if !checker.collector.hasErrors {
      let envelopes = documents.compactMap { Envelope($0, &checker) }
      checkDuplicates(envelopes, &checker.collector)
      if envelopes.count == documents.count { loaded = plan(envelopes, &checker) }
    }
    loaded.sources = sources
    loaded.diagnostics = checker.collector.diagnostics.map { Self.noteAnchor($0, anchors) }.sortedByPlace(files: files.map(\.name))
    return loaded
  }

  private func plan(_ envelopes: [Envelope], _ checker: inout SpecChecker) -> LoadedJobs {
    var loaded = LoadedJobs()
    var connections: [String: ConnectionDefinition] = [:]
    for envelope in envelopes where envelope.kind == .connection {
      let connection = ConnectionDecoder(envelope: envelope, catalog: catalog).decode(interpolated(envelope, &checker), &checker)
      if connections[envelope.name] == nil { loaded.connections.append(connection) }
      connections[envelope.name] = connection
    }
    for envelope in envelopes where envelope.kind == .job {
      let errors = checker.collector.errorCount
      let spec = interpolated(envelope, &checker)
      let definition = JobDecoder(envelope: envelope, spec: spec, catalog: catalog, connections: connections).decode(&checker)
      let graph = Planner(definition: definition, spec: spec, catalog: catalog, connections: connections).plan(&checker.collector)
      loaded.definitions.append(definition)
      let used = Set(definition.components.compactMap(\.connection) + definition.checkpointPlaces.compactMap(\.connection))
      let isComplete = used.allSatisfy { connections[$0]?.config != nil }
      if checker.collector.errorCount == errors, isComplete { loaded.jobs.append(PlannedJob(definition: definition, graph: graph)) }
    }
    return loaded
  }

  private func interpolated(_ envelope: Envelope, _ checker: inout SpecChecker) -> ConfigValue {
    var interpolation = Interpolation(environment: environment, readFile: readFile, owner: envelope.owner) { path in
      example(envelope, path)
    }
    let spec = interpolation.apply(envelope.spec, &checker.collector)
    checker.failed.formUnion(interpolation.failed)
    return spec
  }

  /// The example of the option at `config.url` or `sinks.store.config.table`, for the hint about a missing variable.
  private func example(_ envelope: Envelope, _ path: String) -> String? {
    let parts = path.split(separator: ".").map(String.init)
    guard let name = parts.last, parts.count >= 2, parts[parts.count - 2] == "config" else { return nil }
    func type(_ value: ConfigValue?) -> String? {
      if case .string(let text)? = value?["type"]?.content { text } else { nil }
    }
    var descriptor: Descriptor?
    switch envelope.kind {
    case .connection: descriptor = catalog.connections.first { $0.type == type(envelope.spec) }
    case .job:
      guard parts.count == 4, let type = type(envelope.spec[parts[0]]?[parts[1]]) else { return nil }
      for role in [GraphShape.Role.source, .operator, .sink] where role.section == parts[0] { descriptor = catalog.descriptor(role, type) }
    }
    return descriptor?.fields.first { $0.name == name }?.example
  }

  private func checkDuplicates(_ envelopes: [Envelope], _ collector: inout DiagnosticCollector) {
    var seen: [String: Envelope] = [:]
    for envelope in envelopes {
      if let first = seen[envelope.owner] {
        let place = first.namePlace?.location.map { "\($0.file):\($0.line)" } ?? first.file
        collector.add(
          Diagnostic(
            .error, .documentDuplicate, "there are two documents \(envelope.owner)", at: envelope.namePlace,
            detail: "the first is at \(place)",
            hint: "rename one of the two"))
      } else {
        seen[envelope.owner] = envelope
      }
    }
  }

  private static func empty(_ file: String) -> Diagnostic {
    Diagnostic(
      code: DiagnosticCode.documentEmpty.rawValue, "the file holds no documents", at: SourceLocation(file: file, line: 1, column: 1),
      hint: "begin with apiVersion: \(DocumentFields.version)")
  }

  private static func noteAnchor(_ diagnostic: Diagnostic, _ anchors: [SourceLocation: SourceLocation]) -> Diagnostic {
    guard let location = diagnostic.location, let anchor = anchors[location] else { return diagnostic }
    var diagnostic = diagnostic
    let note = "the value stands at its anchor, line \(anchor.line)"
    diagnostic.detail = diagnostic.detail.isEmpty ? note : "\(diagnostic.detail); \(note)"
    return diagnostic
  }
}
