internal import Dataflow

/// What a text of documents says of one of its jobs: the values of its document and of the connections beside it, whatever comments, spaces and other jobs there are.
public struct DocumentMeaning: Equatable, Sendable {
  private let documents: [ConfigValue]

  /// Nil when the text cannot be read.
  public init?(_ text: String, job: String) {
    let (source, faults) = YAMLReader.decode(Array(text.utf8), name: "document")
    let read = YAMLReader.read(source)
    guard (faults + read.diagnostics).allSatisfy({ $0.severity != .error }) else { return nil }
    documents = read.documents.filter { document in
      document["kind"]?.content != .string("Job") || document["metadata"]?["name"]?.content == .string(job)
    }.map(Self.bare)
  }

  /// Without the places where things stand.
  private static func bare(_ value: ConfigValue) -> ConfigValue {
    switch value.content {
    case .list(let values): ConfigValue(.list(values.map(bare)))
    case .map(let entries): ConfigValue(.map(entries.map { ConfigValue.Entry(key: $0.key, value: bare($0.value)) }))
    case .null, .bool, .int, .double, .string: ConfigValue(value.content)
    }
  }
}
