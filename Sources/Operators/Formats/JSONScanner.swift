internal import CScan
public import Dataflow

/// Reads wanted values out of JSON documents into columns: strict, without copies, and fastest when documents look alike.
///
/// - Grammar: RFC 8259, one value and nothing else; white space around it is allowed, a byte order mark is not. Everything is checked,
///   wanted or not. At most 64 open arrays and objects.
/// - Strings: views into the text; only those with a backslash are unescaped into the batch's memory. Bytes are kept as they are, also where
///   they are no UTF-8. Half of a surrogate pair alone (`\ud800`) becomes U+FFFD.
/// - A key that occurs twice: the last one counts, but each occurrence must have the right type.
/// - Cost: the text is marked 64 bytes at a time, then read by jumps from mark to mark; keys are guessed from the documents before
///   (`JSONLayout`). Memory: one bit per byte of the longest text.
///
/// Owned by one subtask.
public final class JSONScanner {
  /// What became of a document.
  public enum Outcome: Equatable, Sendable {
    /// All wanted values were written; those that the document lacks are null.
    case record
    /// Not JSON, or nested too deeply; the index of the byte at fault.
    case malformed(at: Int)
    /// JSON, but the field's value has another type, or stands in something that is no object.
    case wrongType(field: Int)
    /// JSON, but no object.
    case notAnObject
  }

  /// What is taken out of each document.
  public let projection: JSONProjection
  let nodes: UnsafeMutablePointer<Node>
  let targets: UnsafeMutablePointer<Target>
  let json: UnsafeMutablePointer<cscan_json>
  let state: UnsafeMutablePointer<State>
  private let arena: Arena

  /// What changes while a document is read.
  struct State {
    /// The number of the document; a target that carries it has been written.
    var document: UInt64 = 0
    /// The first field that met a wrong type, or -1.
    var wrongField = -1
    var row = 0
    /// Bytes behind the text that may be read.
    var padding = 0
    var marks: UnsafeMutablePointer<UInt64>
    var markWords: Int
  }

  struct Target {
    var type: JSONFieldType
    var values: UnsafeMutableRawPointer
    var nulls: UnsafeMutablePointer<UInt8>?
    /// The document that wrote it last.
    var document: UInt64 = 0
    /// The next field that wants the same value, or -1.
    var next = -1
  }

  struct Node {
    var layout: JSONLayout
    var children: UnsafeMutablePointer<Child>
    var count: Int
    /// The document in which it was last met.
    var document: UInt64 = 0
  }

  struct Child {
    var key: UnsafeMutablePointer<UInt8>
    var keyCount: Int
    /// The first field that wants the value, or -1.
    var field: Int
    /// The second field that wants the value, or -1.
    var next: Int
    /// The object that paths go on through, or -1.
    var node: Int
  }

  /// Everything that is allocated once and freed with the scanner.
  private struct Arena {
    var layouts: [JSONLayout] = []
    var children: [UnsafeMutablePointer<Child>] = []
    var keys: [UnsafeMutablePointer<UInt8>] = []
  }

  /// A scanner without memory of earlier documents.
  public init(_ projection: JSONProjection) {
    self.projection = projection
    var arena = Arena()
    let nothing = UnsafeMutableRawPointer(UnsafeMutablePointer<UInt8>.allocate(capacity: 1))
    arena.keys.append(nothing.assumingMemoryBound(to: UInt8.self))
    targets = .allocate(capacity: projection.fields.count)
    for (index, field) in projection.fields.enumerated() {
      (targets + index).initialize(to: Target(type: field.type, values: nothing, nulls: nil))
    }
    nodes = .allocate(capacity: projection.objects.count)
    for (index, object) in projection.objects.enumerated() {
      let children = UnsafeMutablePointer<Child>.allocate(capacity: max(1, object.children.count))
      for (position, child) in object.children.enumerated() {
        let key = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, child.key.count))
        key.initialize(from: child.key, count: child.key.count)
        arena.keys.append(key)
        for (field, next) in zip(child.fields, child.fields.dropFirst()) { targets[field].next = next }
        (children + position).initialize(
          to: Child(
            key: key, keyCount: child.key.count, field: child.fields.first ?? -1, next: child.fields.count > 1 ? child.fields[1] : -1,
            node: child.object ?? -1))
      }
      let layout = JSONLayout(targets)
      arena.layouts.append(layout)
      arena.children.append(children)
      (nodes + index).initialize(to: Node(layout: layout, children: children, count: object.children.count))
    }
    self.arena = arena
    let words = 256
    state = .allocate(capacity: 1)
    state.initialize(to: State(marks: .allocate(capacity: words), markWords: words))
    json = .allocate(capacity: 1)
    json.initialize(to: cscan_json(text: nil, count: 0, marks: nil))
  }

  deinit {
    for layout in arena.layouts { layout.deallocate() }
    for children in arena.children { children.deallocate() }
    for key in arena.keys { key.deallocate() }
    state.pointee.marks.deallocate()
    nodes.deallocate()
    targets.deallocate()
    json.deallocate()
    state.deallocate()
  }

  /// Says where values go until the next call: field *i* of the projection into column `fields[i]` of the batch.
  ///
  /// - Precondition: as many fields as the projection has, of the column types that its types name.
  public func bind(_ batch: RecordBatch, _ fields: [Field]) {
    precondition(fields.count == projection.fields.count)
    for (index, field) in fields.enumerated() {
      let target = targets + index
      switch target.pointee.type {
      case .string, .json:
        target.pointee.values = UnsafeMutableRawPointer(batch.bytes(field))
        target.pointee.nulls = nil
      case .int:
        target.pointee.values = UnsafeMutableRawPointer(batch.int64s(field))
        target.pointee.nulls = batch.nulls(field)
      case .double:
        target.pointee.values = UnsafeMutableRawPointer(batch.doubles(field))
        target.pointee.nulls = batch.nulls(field)
      case .bool:
        target.pointee.values = UnsafeMutableRawPointer(batch.bools(field))
        target.pointee.nulls = batch.nulls(field)
      }
    }
  }

  /// Reads one document into a row of the bound batch, which must keep the text's memory alive.
  ///
  /// Unless the answer is `record` the row's wanted columns are undefined.
  /// - Parameter isPadded: whether 64 bytes behind the text may be read, as in all memory of the engine. If not, nothing behind it is
  ///   touched, at a few nanoseconds more.
  public func scan(_ text: UnsafeBufferPointer<UInt8>, row: Int, of batch: RecordBatch, isPadded: Bool = true) -> Outcome {
    guard let base = text.baseAddress, text.count > 0 else { return .malformed(at: 0) }
    let count = text.count
    let state = self.state
    let words = cscan_json_mark_words(count)
    if words > state.pointee.markWords { growMarks(words) }
    let marks = state.pointee.marks
    cscan_json_mark(base, count, isPadded, marks)
    json.pointee = cscan_json(text: base, count: count, marks: marks)
    state.pointee.document &+= 1
    state.pointee.wrongField = -1
    state.pointee.row = row
    state.pointee.padding = isPadded ? 64 : 0

    let start = Int(cscan_json_space(json, 0))
    let isObject = start < count && base[start] == UInt8(ascii: "{")
    var end = isObject ? object(nodes, start &+ 1, depth: 1, batch) : cscan_json_skip(json, start, 0)
    if end < 0 { return .malformed(at: ~end) }
    if end < count {
      end = Int(cscan_json_space(json, end))
      if end < count { return .malformed(at: end) }
    }
    guard isObject else { return .notAnObject }
    if state.pointee.wrongField >= 0 { return .wrongType(field: state.pointee.wrongField) }
    fillMissing(row)
    return .record
  }

  private func growMarks(_ words: Int) {
    state.pointee.marks.deallocate()
    state.pointee.marks = .allocate(capacity: words)
    state.pointee.markWords = words
  }

  @inline(__always)
  private func fillMissing(_ row: Int) {
    let document = state.pointee.document
    var field = 0
    while field < projection.fields.count {
      let target = targets + field
      if target.pointee.document != document {
        if let nulls = target.pointee.nulls {
          nulls[row] = 1
        } else {
          target.pointee.values.assumingMemoryBound(to: ByteView.self)[row] = .null
        }
      }
      field &+= 1
    }
  }
}
