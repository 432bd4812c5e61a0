internal import Connectors
internal import Operators

extension ComponentCatalog {
  /// The components that this build has. Sources of lines can say what format the lines have.
  public static let standard = ComponentCatalog(
    sources: ConnectorCatalog.sources.map(LineFormat.offered), operators: OperatorCatalog.all + ConnectorCatalog.operators,
    sinks: ConnectorCatalog.sinks,
    connections: ConnectorCatalog.connections, connectionTypes: ConnectorCatalog.connectionTypes)
}
