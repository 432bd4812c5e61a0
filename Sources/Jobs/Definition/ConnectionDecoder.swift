internal import Dataflow

/// Makes a `ConnectionDefinition` of the spec of a Connection document.
struct ConnectionDecoder {
  let envelope: Envelope
  let catalog: ComponentCatalog

  func decode(_ spec: ConfigValue, _ checker: inout SpecChecker) -> ConnectionDefinition {
    let before = checker.failures
    let options = checker.check(spec, DocumentFields.connection, path: "", place: spec, owner: "the spec")
    var connection = ConnectionDefinition(name: envelope.name, type: options.string("type") ?? "")
    guard let place = options.places["type"], !connection.type.isEmpty else { return connection }
    guard let descriptor = catalog.connections.first(where: { $0.type == connection.type }) else {
      let types = catalog.connections.map(\.type)
      checker.collector.add(
        Diagnostic(
          .error, .unknownType, "\(envelope.owner) has the type \"\(connection.type)\", which does not exist", at: place,
          detail: "connections are \(types.joined(separator: ", "))", hint: NearestName.hint(connection.type, in: types)))
      // Unknown: which components could use it is not to be said either.
      connection.type = ""
      return connection
    }
    var written: ConfigValue?
    if case .any(let value)? = options["config"] { written = value }
    let config = checker.check(written, descriptor.fields, path: "config", place: written ?? place)
    if checker.failures == before { connection.config = config }
    return connection
  }
}
