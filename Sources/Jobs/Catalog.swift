internal import Connectors
internal import Operators

extension ComponentCatalog {
  /// The components that this build has.
  public static let standard = ComponentCatalog(
    sources: [FileSource.type, GenerateSource.type],
    operators: [
      ParseJSON.type, ParseLine.type, Require.type, Filter.type, Select.type, SetFields.type, RedactPII.type, Fingerprint.type,
      TumblingWindow.type, SlidingWindow.type,
    ],
    sinks: [PostgresSink.type],
    connections: [PostgresConnection.descriptor],
    connectionTypes: ["postgres": ["postgres"]])
}
