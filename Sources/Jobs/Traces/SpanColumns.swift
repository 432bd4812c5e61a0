internal import Connectors
internal import Dataflow
internal import SLO

/// The columns of spans, as every source of OTLP gives them, and the record that each row becomes.
final class SpanColumns {
  /// The fields of the input that are read.
  struct Fields: Sendable {
    static let names = [
      "trace_id", "span_id", "parent_span_id", "name", "kind", "service", "environment", "status_code", "attributes", "trace_state",
      "links",
      "start", "end",
    ]

    let all: [Field]

    /// Nil, with the name of the first that is missing or of another type.
    static func find(in schema: Schema) -> (fields: Fields?, missing: String) {
      var all: [Field] = []
      for name in names {
        let type: ColumnType = name == "start" || name == "end" ? .time : .bytes
        guard let field = schema.field(name), field.type == type else { return (nil, name) }
        all.append(field)
      }
      return (Fields(all: all), "")
    }
  }

  /// Names beyond which the tables of names are begun anew: ids in the names of spans must not fill the memory.
  private static let mostNames = 200_000

  private let fields: Fields
  private let attributes = SpanAttributes()
  private var naming = SpanNaming()
  private var names = NameTable()
  private var loaded = ByteView.null
  private var isLoaded = false
  private var links: [(trace: TraceID, span: UInt64)] = []
  private var peer: [UInt8] = []

  private var trace, span, parent, name, kind: UnsafeMutablePointer<ByteView>?
  private var service, environment, status, attribute, state, link: UnsafeMutablePointer<ByteView>?
  private var start, end: UnsafeMutablePointer<Int64>?

  init(_ fields: Fields) { self.fields = fields }

  /// The rows that follow are those of this batch.
  func begin(_ batch: RecordBatch) {
    let all = fields.all
    (trace, span, parent, name) = (batch.bytes(all[0]), batch.bytes(all[1]), batch.bytes(all[2]), batch.bytes(all[3]))
    (kind, service, environment, status) = (batch.bytes(all[4]), batch.bytes(all[5]), batch.bytes(all[6]), batch.bytes(all[7]))
    (attribute, state, link) = (batch.bytes(all[8]), batch.bytes(all[9]), batch.bytes(all[10]))
    (start, end) = (batch.int64s(all[11]), batch.int64s(all[12]))
    isLoaded = false
    if naming.count > Self.mostNames { (naming, names) = (SpanNaming(), NameTable()) }
  }

  /// The ids of a row; nil where it lacks one, or an id is none.
  func ids(_ row: Int) -> (trace: TraceID, span: UInt64)? {
    guard let trace, let span, trace[row].count == 32, span[row].count == 16, let long = trace[row].base, let short = span[row].base,
      let high = HexDigits.word(long), let low = HexDigits.word(long + 16), let id = HexDigits.word(short), high | low != 0, id != 0
    else { return nil }
    return (TraceID(high: high, low: low), id)
  }

  /// Appends the row as a record, and says when the span began and ended.
  func append(_ row: Int, id: UInt64, to bytes: inout [UInt8]) -> (start: Int64, end: Int64, isRoot: Bool) {
    guard let parent, let name, let kind, let service, let environment, let status, let attribute, let state, let link, let start, let end
    else { preconditionFailure("rows come after their batch") }
    let parentID = parent[row].count == 16 ? parent[row].base.flatMap { HexDigits.word($0) } ?? 0 : 0
    links.removeAll(keepingCapacity: true)
    if !link[row].isNull {
      for link in attributes.links(link[row]) { links.append((TraceID(high: link.traceHigh, low: link.traceLow), link.span)) }
      isLoaded = false
    }
    load(attribute[row])
    let kindNumber = SpanKind(rawValue: Self.kindNumber(kind[row])) ?? .unspecified
    let (outcome, _) = SpanNaming.outcome(attributes, kindNumber, status: Self.statusNumber(status[row]))
    let operation = naming.name(name[row].buffer, &names)
    let declared = naming.declared(attributes, kindNumber, isRoot: parentID == 0, &names)
    let flags = loadPeer(kindNumber)
    let span = SpanRow(
      id: id, parent: parentID, start: start[row], end: end[row], trace: 0, step: 0,
      weight: SamplingWeight.adjustedCount(traceState: state[row].buffer), kind: kindNumber, outcome: outcome)
    names.bytes(operation).withUnsafeBufferPointer { operation in
      names.bytes(declared).withUnsafeBufferPointer { declared in
        peer.withUnsafeBufferPointer { peer in
          let service = service[row].count == 0 ? Self.unknown : service[row].buffer
          SpanRecord.append(
            span,
            SpanRecord.Names(
              service: service, operation: operation, declared: declared, environment: Self.environment(environment[row]), peer: peer),
            flags: flags, links: links, to: &bytes)
        }
      }
    }
    return (span.start, span.end, parentID == 0)
  }

  private static let unknownName: StaticString = "unknown"
  private static var unknown: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: unknownName.utf8Start, count: unknownName.utf8CodeUnitCount)
  }

  /// Decoders write `unknown` where a resource names no environment.
  private static func environment(_ name: ByteView) -> UnsafeBufferPointer<UInt8> {
    name.count == unknown.count && name.buffer.elementsEqual(unknown) ? UnsafeBufferPointer(start: nil, count: 0) : name.buffer
  }

  /// Spans of one resource often share one view of its attributes: it is read once.
  private func load(_ object: ByteView) {
    if isLoaded, object.base == loaded.base, object.count == loaded.count { return }
    attributes.load(object)
    (loaded, isLoaded) = (object, true)
  }

  /// Who is called, where the callee may never show up as a span: by the convention's name for it, else a queue, else a database.
  private func loadPeer(_ kind: SpanKind) -> UInt8 {
    peer.removeAll(keepingCapacity: true)
    guard kind == .client || kind == .producer || kind == .consumer else { return 0 }
    let isMessaging = attributes.string(.messagingSystem) != nil
    let database = attributes.string(.dbNamespace) ?? attributes.string(.dbSystem)
    if let name = attributes.string(.peer) ?? database ?? attributes.string(.messagingDestination) ?? attributes.string(.messagingSystem) {
      peer.append(contentsOf: name)
    }
    return isMessaging ? SpanRecord.Flag.messaging : database != nil ? SpanRecord.Flag.database : 0
  }

  /// The words of the column `kind` begin with different letters, but for two.
  private static func kindNumber(_ word: ByteView) -> UInt8 {
    guard let base = word.base, word.count > 1 else { return 0 }
    switch base[0] {
    case UInt8(ascii: "I"): return 1
    case UInt8(ascii: "S"): return 2
    case UInt8(ascii: "P"): return 4
    case UInt8(ascii: "C"): return base[1] == UInt8(ascii: "L") ? 3 : 5
    default: return 0
    }
  }

  private static func statusNumber(_ word: ByteView) -> UInt8 {
    guard let first = word.base?.pointee, word.count > 0 else { return 0 }
    return first == UInt8(ascii: "O") ? 1 : first == UInt8(ascii: "E") ? 2 : 0
  }
}
