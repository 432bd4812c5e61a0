internal import Dataflow

/// Prints documents with every default filled in: what `explain` shows first.
///
/// What it prints loads to the same jobs, except where a secret is hidden.
public struct DocumentPrinter: Sendable {
  let catalog: ComponentCatalog

  /// Options are printed in the order of this catalog's descriptors.
  public init(catalog: ComponentCatalog) { self.catalog = catalog }

  /// The connections and jobs as one file.
  public func text(_ loaded: LoadedJobs) -> String {
    (loaded.connections.map(text) + loaded.definitions.map(text)).joined(separator: "---\n")
  }

  /// One Connection document.
  public func text(_ connection: ConnectionDefinition) -> String {
    var printer = ConfigPrinter()
    header(&printer, "Connection", connection.name, [])
    printer.line(2, "type", ConfigPrinter.scalar(connection.type))
    if let config = connection.config, let descriptor = catalog.connections.first(where: { $0.type == connection.type }),
      !config.values.isEmpty
    {
      printer.line(2, "config")
      printer.options(config, descriptor.fields, indent: 4)
    }
    return printer.text
  }

  /// One Job document.
  public func text(_ job: JobDefinition) -> String {
    var printer = ConfigPrinter()
    header(&printer, "Job", job.name, job.labels)
    printer.options(job.spec, DocumentFields.job, indent: 2) { field, printer in
      guard let role = [GraphShape.Role.source, .operator, .sink].first(where: { $0.section == field.name }) else { return false }
      components(job, role, &printer)
      return true
    }
    return printer.text
  }

  private func header(_ printer: inout ConfigPrinter, _ kind: String, _ name: String, _ labels: [(key: String, value: String)]) {
    printer.line(0, "apiVersion", DocumentFields.version)
    printer.line(0, "kind", kind)
    printer.line(0, "metadata")
    printer.line(2, "name", ConfigPrinter.scalar(name))
    if !labels.isEmpty { printer.line(2, "labels") }
    for (key, value) in labels { printer.line(4, key, ConfigPrinter.scalar(value)) }
    printer.line(0, "spec")
  }

  private func components(_ job: JobDefinition, _ role: GraphShape.Role, _ printer: inout ConfigPrinter) {
    let components = job.components(role)
    printer.line(2, role.section, components.isEmpty ? "{}" : "")
    let written = job.spec.map(role.section) ?? []
    for component in components {
      guard case .object(let options)? = written.first(where: { $0.key == component.id })?.value else { continue }
      printer.line(4, component.id)
      printer.options(options, DocumentFields.component(role), indent: 6) { field, printer in field.name == "config" }
      guard let config = component.config, let descriptor = catalog.descriptor(role, component.type), !config.values.isEmpty else {
        continue
      }
      printer.line(6, "config")
      printer.options(config, descriptor.fields, indent: 8)
    }
  }
}
