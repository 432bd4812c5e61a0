public import Dataflow

/// Everything that a job file can name: source, operator and sink types, and kinds of connections.
///
/// An explicit list, handed to the loader: nothing registers itself.
public struct ComponentCatalog: Sendable {
  /// Where records can come from.
  public var sources: [SourceType]
  /// What can be done with them.
  public var operators: [OperatorType]
  /// Where results can go.
  public var sinks: [SinkType]
  /// The `type` of a Connection document is the descriptor's type.
  public var connections: [Descriptor]
  /// For component types that need a connection: the connection types they can use.
  public var connectionTypes: [String: [String]]

  /// A catalog of these components. Types are unique within each list.
  public init(
    sources: [SourceType] = [], operators: [OperatorType] = [], sinks: [SinkType] = [], connections: [Descriptor] = [],
    connectionTypes: [String: [String]] = [:]
  ) {
    self.sources = sources
    self.operators = operators
    self.sinks = sinks
    self.connections = connections
    self.connectionTypes = connectionTypes
  }

  /// The descriptors of one role, in the order of the list.
  public func descriptors(_ role: GraphShape.Role) -> [Descriptor] {
    switch role {
    case .source: sources.map(\.descriptor)
    case .operator: operators.map(\.descriptor)
    case .sink: sinks.map(\.descriptor)
    }
  }

  /// The descriptor of that type, or nil.
  public func descriptor(_ role: GraphShape.Role, _ type: String) -> Descriptor? {
    descriptors(role).first { $0.type == type }
  }
}
