internal import Dataflow

/// What every document has around its `spec`: version, kind and name.
struct Envelope {
  enum Kind: String {
    case job = "Job"
    case connection = "Connection"
  }

  var kind: Kind
  var name: String
  var labels: [(key: String, value: String)]
  /// The file it stands in.
  var file: String
  /// The place of the name.
  var namePlace: ConfigValue?
  /// Paths begin inside of it: `operators.capsules`, not `spec.operators.capsules`.
  var spec: ConfigValue

  /// `Connection "capsule-store"`, for details.
  var owner: String { "\(kind.rawValue) \"\(name)\"" }

  /// Nil when the document is no document of ours; the collector says why.
  init?(_ document: ConfigValue, _ checker: inout SpecChecker) {
    guard case .map = document.content else {
      checker.collector.add(
        Diagnostic(
          .error, .documentKind, "the document is not a map of apiVersion, kind, metadata and spec", at: document,
          hint: "begin with apiVersion: \(DocumentFields.version)"))
      return nil
    }
    guard Self.checkVersion(document, &checker.collector), let kind = Self.checkKind(document, &checker.collector) else { return nil }
    let any = ["apiVersion", "kind", "spec", "status"].map { ConfigField($0, .any, "") }
    let fields =
      any + [
        ConfigField("metadata", .object(DocumentFields.metadata), required: true, example: "{ name: … }", "How the document is called.")
      ]
    let config = checker.check(document, fields, path: "", place: document)
    guard let metadata = config.object("metadata"), let name = metadata.string("name") else { return nil }
    self.kind = kind
    self.name = name
    labels = (metadata.map("labels") ?? []).compactMap { key, value in if case .string(let text) = value { (key, text) } else { nil } }
    file = document.location?.file ?? ""
    namePlace = metadata.places["name"]
    spec = document["spec"].map(Self.rebased) ?? ConfigValue(.null, at: document.location, length: document.length)
    guard NodeName.isValid(name) else {
      checker.collector.add(
        Diagnostic(
          .error, .documentName, "\"\(name)\" cannot be the name of a \(kind.rawValue)", at: namePlace,
          detail: "names match \(NodeName.pattern)",
          hint: "use a-z, 0-9 and -, at most 63"))
      return nil
    }
  }

  private static func checkVersion(_ document: ConfigValue, _ collector: inout DiagnosticCollector) -> Bool {
    let version = document["apiVersion"]
    if version?.content == .string(DocumentFields.version) { return true }
    let message =
      if case .string(let text)? = version?.content { "apiVersion \"\(text)\" does not exist" } else { "the document has no apiVersion" }
    collector.add(
      Diagnostic(
        .error, .documentVersion, message, at: version ?? document, path: "apiVersion", hint: "write apiVersion: \(DocumentFields.version)")
    )
    return false
  }

  private static func checkKind(_ document: ConfigValue, _ collector: inout DiagnosticCollector) -> Kind? {
    let value = document["kind"]
    guard case .string(let text)? = value?.content else {
      collector.add(
        Diagnostic(
          .error, .documentKind, "the document has no kind", at: value ?? document, path: "kind",
          hint: "write kind: Job or kind: Connection"))
      return nil
    }
    if let kind = Kind(rawValue: text) { return kind }
    let hint = NearestName.hint(text, in: DocumentFields.kinds)
    collector.add(
      Diagnostic(
        .error, .documentKind, "kind \"\(text)\" does not exist", at: value,
        detail: "kinds are \(DocumentFields.kinds.joined(separator: ", "))",
        hint: hint.isEmpty ? "write kind: Job or kind: Connection" : hint))
    return nil
  }

  private static func rebased(_ value: ConfigValue) -> ConfigValue {
    var value = value
    value.path = value.path == "spec" ? "" : value.path.hasPrefix("spec.") ? String(value.path.dropFirst(5)) : value.path
    switch value.content {
    case .list(let values): value.content = .list(values.map(rebased))
    case .map(let entries):
      value.content = .map(entries.map { ConfigValue.Entry(key: $0.key, keyLocation: $0.keyLocation, value: rebased($0.value)) })
    default: break
    }
    return value
  }
}
