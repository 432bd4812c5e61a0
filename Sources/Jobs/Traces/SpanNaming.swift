internal import Connectors
internal import Operators
internal import SLO

/// What operations are called: the span's own name, and what its protocol says. One definition, for files and for streams.
///
/// Names are numbers in a table that the caller has; it must be the same one at every call.
final class SpanNaming {
  private let routes = RouteWriter()
  /// Names as they came, and the number in the caller's table that each became: routes are made once for each name.
  private var rawNames = NameTable()
  private var numbers: [Int32] = []
  private var rawPaths = NameTable()
  private var paths: [Int32] = []
  private var scratch: [UInt8] = []

  /// How many names were seen; whoever runs for ever starts afresh when there are too many.
  var count: Int { rawNames.count + rawPaths.count }

  /// The number of a span's name; ids in paths become `{id}`.
  func name(_ raw: UnsafeBufferPointer<UInt8>, _ names: inout NameTable) -> Int32 {
    let number = Int(rawNames.intern(raw))
    while numbers.count <= number { numbers.append(-1) }
    if numbers[number] < 0 {
      let isPath = raw.contains(UInt8(ascii: "/")) && raw.contains { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      numbers[number] = isPath ? names.intern(routes.route(raw)) : names.intern(raw)
    }
    return numbers[number]
  }

  /// The operation as the span's protocol has it: `GET /orders/{id}`, `shop.Orders/Place`, `publish orders`; 0 where it says nothing.
  func declared(_ span: some SpanAttributeValues, _ kind: SpanKind, isRoot: Bool, _ names: inout NameTable) -> Int32 {
    if let route = span.string(.httpRoute) ?? span.string(.urlTemplate), !route.isEmpty { return http(span, route, isRoute: true, &names) }
    if let method = span.string(.rpcMethod), !method.isEmpty {
      return joined(span.string(.rpcService), UInt8(ascii: "/"), method, &names)
    }
    if let destination = span.string(.messagingDestination), !destination.isEmpty {
      return joined(span.string(.messagingOperation), UInt8(ascii: " "), destination, &names)
    }
    guard isRoot || kind == .server else { return 0 }
    if let path = span.string(.urlPath) ?? span.string(.urlFull), !path.isEmpty { return http(span, path, isRoute: false, &names) }
    return 0
  }

  /// Whether the span failed, by its status and the codes of its protocol.
  static func outcome(_ span: some SpanAttributeValues, _ kind: SpanKind, status: UInt8) -> (outcome: SpanOutcome, hasCode: Bool) {
    let http = span.integer(.httpStatus)
    let rpc = span.integer(.rpcStatus)
    let outcome = SpanOutcome(kind: kind, status: status, http: http, rpc: rpc, hasErrorType: span.string(.errorType) != nil)
    return (outcome, http != nil || rpc != nil)
  }

  private func joined(
    _ first: UnsafeBufferPointer<UInt8>?, _ separator: UInt8, _ second: UnsafeBufferPointer<UInt8>, _ names: inout NameTable
  ) -> Int32 {
    scratch.removeAll(keepingCapacity: true)
    if let first, !first.isEmpty {
      scratch.append(contentsOf: first)
      scratch.append(separator)
    }
    scratch.append(contentsOf: second)
    return names.intern(scratch)
  }

  private func http(
    _ span: some SpanAttributeValues, _ path: UnsafeBufferPointer<UInt8>, isRoute: Bool, _ names: inout NameTable
  ) -> Int32 {
    scratch.removeAll(keepingCapacity: true)
    if let method = span.string(.httpMethod), !method.isEmpty, method[0] != UInt8(ascii: "_") {
      scratch.append(contentsOf: method)
      scratch.append(UInt8(ascii: " "))
    }
    if isRoute, path[0] != UInt8(ascii: "/") { scratch.append(UInt8(ascii: "/")) }
    scratch.append(contentsOf: path)
    if let operation = span.string(.graphqlOperation), !operation.isEmpty {
      scratch.append(UInt8(ascii: " "))
      scratch.append(contentsOf: operation)
    }
    if isRoute { return names.intern(scratch) }
    let number = Int(rawPaths.intern(scratch))
    while paths.count <= number { paths.append(-1) }
    if paths[number] < 0 { paths[number] = scratch.withUnsafeBufferPointer { names.intern(routes.route($0)) } }
    return paths[number]
  }
}
