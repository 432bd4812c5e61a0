/// The attributes of spans that tell what a request was and how it ended. Each has the name of today's conventions and the one before.
package enum TelemetryKey: Int, CaseIterable, Sendable {
  case httpMethod, httpStatus, httpRoute, urlTemplate, urlPath, urlFull
  case rpcSystem, rpcService, rpcMethod, rpcStatus
  case messagingSystem, messagingDestination, messagingOperation
  case dbSystem, dbNamespace, peer, errorType, graphqlOperation

  /// All names, today's first.
  var names: [StaticString] {
    switch self {
    case .httpMethod: ["http.request.method", "http.method"]
    case .httpStatus: ["http.response.status_code", "http.status_code"]
    case .httpRoute: ["http.route"]
    case .urlTemplate: ["url.template"]
    case .urlPath: ["url.path", "http.target"]
    case .urlFull: ["url.full", "http.url"]
    case .rpcSystem: ["rpc.system.name", "rpc.system"]
    case .rpcService: ["rpc.service"]
    case .rpcMethod: ["rpc.method"]
    case .rpcStatus: ["rpc.response.status_code", "rpc.grpc.status_code"]
    case .messagingSystem: ["messaging.system"]
    case .messagingDestination: ["messaging.destination.name", "messaging.destination"]
    case .messagingOperation: ["messaging.operation.type", "messaging.operation"]
    case .dbSystem: ["db.system.name", "db.system"]
    case .dbNamespace: ["db.namespace", "db.name"]
    case .peer: ["service.peer.name", "peer.service"]
    case .errorType: ["error.type"]
    case .graphqlOperation: ["graphql.operation.name"]
    }
  }
}

/// From an attribute's key to what it is: by length first, as few keys share one.
struct TelemetryKeyTable {
  private struct Entry {
    var name: StaticString
    var key: TelemetryKey
    /// 0 for today's name: that one counts where both stand.
    var age: Int
  }

  private var byLength: [[Entry]] = []

  init() {
    for key in TelemetryKey.allCases {
      for (age, name) in key.names.enumerated() {
        let length = name.utf8CodeUnitCount
        while byLength.count <= length { byLength.append([]) }
        byLength[length].append(Entry(name: name, key: key, age: age))
      }
    }
  }

  /// The attribute of this name, or nil when it is none of interest.
  func find(_ name: UnsafeBufferPointer<UInt8>) -> (key: TelemetryKey, age: Int)? {
    guard name.count < byLength.count else { return nil }
    for entry in byLength[name.count]
    where UnsafeBufferPointer(start: entry.name.utf8Start, count: name.count).elementsEqual(name) {
      return (entry.key, entry.age)
    }
    return nil
  }
}
