internal import Connectors
internal import Dataflow
internal import Operators

extension ComponentCatalog {
  /// The components that this build has. Sources of lines can say what format the lines have.
  public static let standard = ComponentCatalog(
    sources: ConnectorCatalog.sources.map(LineFormat.offered),
    operators: OperatorCatalog.all + ConnectorCatalog.operators + traces, sinks: ConnectorCatalog.sinks,
    connections: ConnectorCatalog.connections, connectionTypes: ConnectorCatalog.connectionTypes)

  /// Operators that know traces and journeys, in the order in which the reference lists them.
  private static let traces: [OperatorType] = [AssembleTraces.type, TraceMetricsType.type]
}
