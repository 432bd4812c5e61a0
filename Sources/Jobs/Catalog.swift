internal import Connectors
internal import Operators

extension ComponentCatalog {
<<<<<<< HEAD
  /// The components that this build has. Sources of lines can say what format the lines have.
  public static let standard = ComponentCatalog(
    sources: ConnectorCatalog.sources.map(LineFormat.offered), operators: OperatorCatalog.all, sinks: ConnectorCatalog.sinks,
    connections: ConnectorCatalog.connections, connectionTypes: ConnectorCatalog.connectionTypes)
=======
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
>>>>>>> jobs
}
