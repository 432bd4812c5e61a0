internal import Connectors
internal import Operators
internal import SLO

/// Puts what files hold into a store of spans and a book of errors in logs.
final class TelemetryIngest {
  private(set) var store = SpanStore()
  private(set) var logs = LogEvidence()
  /// Times of the oldest and newest record.
  private(set) var oldest = Int64.max
  private(set) var newest = Int64.min
  private(set) var facts = AnalysisFacts()

  private let reader = TelemetryReader()
  private let routes = RouteWriter()
  private var resource = -1
  private var service: Int32 = 0
  private var environment: Int32 = 0
  /// Names as they came, and the number in the store that each became: routes are made once for each name.
  private var rawNames = NameTable()
  private var names: [Int32] = []
  private var rawPaths = NameTable()
  private var paths: [Int32] = []
  private var scratch: [UInt8] = []

  /// Reads a file to its end.
  ///
  /// - Parameter progress: gets the bytes of content read so far, now and then.
  func read(_ path: String, progress: (Int64) -> Void) throws {
    let lines = try TelemetryLines(path: path)
    let before = store.rows.count + logs.records
    // Nobody has to store what was not asked for: a reader of the wrong file gives up early.
    while let line = try lines.next() {
      facts.lines += 1
      reader.read(line, span: { add($0) }, log: { add($0) })
      if facts.lines % 64 == 0 { progress(lines.bytesRead) }
    }
    facts.bytes += lines.bytesRead
    if store.rows.count + logs.records == before { facts.emptyFiles.append(path) }
    facts.refusedLines = reader.refused.lines
    facts.refusedRecords = reader.refused.records
    facts.otherLines = reader.otherLines
  }

  private func add(_ log: TelemetryLog) {
    logs.add(trace: TraceID(high: log.traceHigh, low: log.traceLow), span: log.span, isError: log.isError)
    widen(log.time)
  }

  private func widen(_ time: Int64) {
    if time < oldest { oldest = time }
    if time > newest { newest = time }
  }

  private func add(_ span: TelemetrySpan) {
    if reader.resource != resource {
      resource = reader.resource
      service = reader.service.isEmpty ? store.services.intern("unknown") : store.services.intern(reader.service)
      environment = store.environments.intern(reader.environment)
      if reader.service.isEmpty { facts.unnamedResources += 1 }
      if reader.environment.isEmpty { facts.resourcesWithoutEnvironment += 1 }
    }
    widen(span.start)
    let kind = SpanKind(rawValue: span.kind) ?? .unspecified
    let http = reader.integer(.httpStatus)
    let rpc = reader.integer(.rpcStatus)
    let outcome = SpanOutcome(kind: kind, status: span.status, http: http, rpc: rpc, hasErrorType: reader.string(.errorType) != nil)
    facts.add(kind, span.status, hasCode: http != nil || rpc != nil)
    let trace = store.trace(TraceID(high: span.traceHigh, low: span.traceLow))
    let name = name(span.name)
    let weight = SamplingWeight.adjustedCount(traceState: span.traceState)
    if weight != 1 { facts.sampledSpans += 1 }
    store.append(
      SpanRow(
        id: span.id, parent: span.parent, start: span.start, end: span.end, trace: trace,
        step: store.step(service: service, operation: name),
        declared: declared(kind, isRoot: span.parent == 0), environment: environment, weight: weight, kind: kind, outcome: outcome))
    for link in reader.links {
      store.append(
        SpanStore.Link(
          trace: trace, span: span.id, target: TraceID(high: link.traceHigh, low: link.traceLow), targetSpan: link.span))
    }
  }

  // MARK: Names

  /// The number of a span's name; ids in paths become `{id}`.
  private func name(_ raw: UnsafeBufferPointer<UInt8>) -> Int32 {
    let number = Int(rawNames.intern(raw))
    while names.count <= number { names.append(-1) }
    if names[number] < 0 {
      let isPath = raw.contains(UInt8(ascii: "/")) && raw.contains { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      names[number] = isPath ? store.names.intern(routes.route(raw)) : store.names.intern(raw)
    }
    return names[number]
  }

  /// The operation as the span's protocol has it: `GET /orders/{id}`, `shop.Orders/Place`, `publish orders`; 0 where it says nothing.
  private func declared(_ kind: SpanKind, isRoot: Bool) -> Int32 {
    if let route = reader.string(.httpRoute) ?? reader.string(.urlTemplate), !route.isEmpty { return http(route, isRoute: true) }
    if let method = reader.string(.rpcMethod), !method.isEmpty {
      return joined(reader.string(.rpcService), UInt8(ascii: "/"), method)
    }
    if let destination = reader.string(.messagingDestination), !destination.isEmpty {
      return joined(reader.string(.messagingOperation), UInt8(ascii: " "), destination)
    }
    guard isRoot || kind == .server else { return 0 }
    if let path = reader.string(.urlPath) ?? reader.string(.urlFull), !path.isEmpty { return http(path, isRoute: false) }
    return 0
  }

  private func joined(_ first: UnsafeBufferPointer<UInt8>?, _ separator: UInt8, _ second: UnsafeBufferPointer<UInt8>) -> Int32 {
    scratch.removeAll(keepingCapacity: true)
    if let first, !first.isEmpty {
      scratch.append(contentsOf: first)
      scratch.append(separator)
    }
    scratch.append(contentsOf: second)
    return store.names.intern(scratch)
  }

  private func http(_ path: UnsafeBufferPointer<UInt8>, isRoute: Bool) -> Int32 {
    scratch.removeAll(keepingCapacity: true)
    if let method = reader.string(.httpMethod), !method.isEmpty, method[0] != UInt8(ascii: "_") {
      scratch.append(contentsOf: method)
      scratch.append(UInt8(ascii: " "))
    }
    if isRoute, path[0] != UInt8(ascii: "/") { scratch.append(UInt8(ascii: "/")) }
    scratch.append(contentsOf: path)
    if let operation = reader.string(.graphqlOperation), !operation.isEmpty {
      scratch.append(UInt8(ascii: " "))
      scratch.append(contentsOf: operation)
    }
    if isRoute { return store.names.intern(scratch) }
    let number = Int(rawPaths.intern(scratch))
    while paths.count <= number { paths.append(-1) }
    if paths[number] < 0 { paths[number] = scratch.withUnsafeBufferPointer { store.names.intern(routes.route($0)) } }
    return paths[number]
  }
}
