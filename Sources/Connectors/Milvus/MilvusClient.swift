internal import Glibc
internal import HTTP

/// The calls of Milvus that a store of vectors needs, over gRPC. Blocks; safe to use from several threads.
///
/// Reads ask for strong consistency: they see every row that was written before.
/// - Source: `milvus.proto` of milvus-proto; the numbers of fields below are its own. The same calls work from Milvus 2.3 on.
package final class MilvusClient: Sendable {
  private let grpc: GRPCUnary
  private let database: String?
  private let timeout: Int64
  /// Rows that a search can answer with, at most: Milvus's own limit.
  static let mostHits = 16_384

  /// Connects to nothing yet. Throws `MilvusError` when the client cannot be set up.
  package init(_ options: MilvusOptions) throws(MilvusError) {
    var metadata: [(String, String)] = []
    if let token = options.token {
      metadata.append(("authorization", Array(token.utf8).withUnsafeBytes { Base64.text($0) }))
    }
    if let database = options.database { metadata.append(("dbname", database)) }
    (database, timeout) = (options.database, options.timeout)
    do throws(HTTPError) {
      grpc = try GRPCUnary(url: options.url, metadata: metadata, caFile: options.caFile, timeout: options.timeout)
    } catch { throw MilvusError("start", error) }
  }

  // MARK: Collections

  /// Whether there is a collection of that name.
  package func hasCollection(_ name: String) throws(MilvusError) -> Bool {
    try call("HasCollection") { self.name(name, to: &$0) }.number(2) != 0
  }

  /// The fields of a collection; nil when there is none.
  package func collection(_ name: String) throws(MilvusError) -> MilvusCollection? {
    guard try hasCollection(name) else { return nil }
    let answer = try call("DescribeCollection") { self.name(name, to: &$0) }
    return try Self.reading { () throws(MalformedProtobuf) in try MilvusCollection(name, described: answer.message(2)) }
  }

  /// Makes a collection with an index over each of its vectors.
  ///
  /// - Parameter index: the kind of index, and its options as Milvus writes them.
  package func create(_ collection: MilvusCollection, index: [(String, String)]) throws(MilvusError) {
    try callForStatus("CreateCollection") {
      self.name(collection.name, to: &$0)
      $0.append(4, collection.schema)
      $0.append(5, varint: 1)
    }
    for field in collection.fields {
      guard case .vector = field.kind else { continue }
      try callForStatus("CreateIndex") {
        self.name(collection.name, to: &$0)
        $0.append(4, field.name)
        for (key, value) in index { $0.append(5) { $0.appendPair(key, value) } }
      }
    }
  }

  /// Brings a collection into the server's memory, where it can be asked. Waits for it as long as one call may take.
  package func load(_ name: String) throws(MilvusError) {
    try callForStatus("LoadCollection") {
      self.name(name, to: &$0)
      $0.append(4, varint: 1)
    }
    let pause: Int64 = 100_000_000
    for _ in 0...(timeout / pause) {
      let state = try call("GetLoadState") {
        $0.append(2, name)
        if let database { $0.append(4, database) }
      }.number(2)
      // LoadStateLoaded.
      if state == 3 { return }
      usleep(UInt32(pause / 1000))
    }
    throw MilvusError(
      "milvus did not load collection \"\(name)\" within \(timeout / 1_000_000_000) s", hint: "see whether it has memory left",
      isTransient: true)
  }

  // MARK: Rows

  /// Writes rows over those with the same keys. No key may come twice in one call.
  package func upsert(_ collection: String, _ columns: [(name: String, values: MilvusColumn)], rows: Int) throws(MilvusError) {
    _ = try call("Upsert") { request in
      self.name(collection, to: &request)
      for (name, values) in columns { request.append(5) { values.write(name, to: &$0) } }
      request.append(7, varint: UInt64(rows))
    }
  }

  /// How many rows the condition holds for.
  func count(_ collection: String, where condition: String) throws(MilvusError) -> Int {
    let answer = try query(collection, where: condition, ["count(*)"])
    return try Self.reading { () throws(MalformedProtobuf) in
      Int(truncatingIfNeeded: try answer.messages(2).first?.message(3).message(3).numbers(1).first ?? 0)
    }
  }

  /// Fields of the rows for which the condition holds: texts and numbers, by name.
  func rows(_ collection: String, where condition: String, _ fields: [String]) throws(MilvusError) -> [String: MilvusColumn] {
    let answer = try query(collection, where: condition, fields)
    return try Self.reading { () throws(MalformedProtobuf) in
      var columns: [String: MilvusColumn] = [:]
      for field in try answer.messages(2) {
        let scalars = try field.message(3)
        switch field.number(1) {
        case 21: columns[field.text(2)] = .texts(try scalars.message(6).texts(1))
        case 5: columns[field.text(2)] = .numbers(try scalars.message(3).numbers(1).map { Int64(bitPattern: $0) })
        default: break
        }
      }
      return columns
    }
  }

  /// The nearest rows, best first: a text field of each, and the similarity.
  ///
  /// - Parameters:
  ///   - limit: at most `mostHits`.
  ///   - effort: candidates that a graph keeps.
  func search(
    _ collection: String, _ field: String, _ vector: [Float], limit: Int, effort: Int, where condition: String, output: String
  ) throws(MilvusError) -> [(text: String, similarity: Float)] {
    let answer = try call("Search") { request in
      self.name(collection, to: &request)
      request.append(5, condition)
      request.append(6) { group in
        group.append(1) { placeholder in
          placeholder.append(1, "$0")
          placeholder.append(2, varint: 101)
          placeholder.append(3, vector.withUnsafeBytes { Array($0) })
        }
      }
      // The condition is an expression.
      request.append(7, varint: 1)
      request.append(8, output)
      let parameters = [
        ("anns_field", field), ("topk", "\(limit)"), ("metric_type", "COSINE"), ("round_decimal", "-1"), ("params", "{\"ef\": \(effort)}"),
      ]
      for (key, value) in parameters { request.append(9) { $0.appendPair(key, value) } }
      request.append(12, varint: 1)
    }
    return try Self.reading { () throws(MalformedProtobuf) in
      let results = try answer.message(2)
      let texts = try results.messages(3).first { $0.text(2) == output }?.message(3).message(6).texts(1) ?? []
      return Array(zip(texts, try results.floats(4))).map { ($0, $1) }
    }
  }

  private func query(_ collection: String, where condition: String, _ fields: [String]) throws(MilvusError) -> WireFields {
    try call("Query") { request in
      self.name(collection, to: &request)
      request.append(4, condition)
      for field in fields { request.append(5, field) }
    }
  }

  /// A text as a literal of Milvus's expressions.
  package static func literal(_ text: String) -> String {
    var literal = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": literal += "\\\(scalar)"
      case "\n": literal += "\\n"
      case "\r": literal += "\\r"
      case "\t": literal += "\\t"
      default: literal.unicodeScalars.append(scalar)
      }
    }
    return literal + "\""
  }

  // MARK: Calls

  private func name(_ collection: String, to request: inout WireWriter) {
    if let database { request.append(2, database) }
    request.append(3, collection)
  }

  /// A call whose answer begins with a status.
  private func call(_ method: String, _ write: (inout WireWriter) -> Void) throws(MilvusError) -> WireFields {
    let answer = try send(method, write)
    try Self.check(method, try Self.reading { () throws(MalformedProtobuf) in try answer.message(1) })
    return answer
  }

  /// A call whose answer is a status: any of the service.
  package func callForStatus(_ method: String, _ write: (inout WireWriter) -> Void) throws(MilvusError) {
    try Self.check(method, try send(method, write))
  }

  private func send(_ method: String, _ write: (inout WireWriter) -> Void) throws(MilvusError) -> WireFields {
    var request = WireWriter()
    write(&request)
    let outcome: GRPCUnary.Outcome
    do throws(HTTPError) { outcome = try grpc.call("/milvus.proto.milvus.MilvusService/\(method)", request.bytes) } catch {
      throw MilvusError(method, error)
    }
    guard outcome.status == 0 else { throw MilvusError(method, grpcStatus: outcome.status, outcome.words) }
    return try Self.reading { () throws(MalformedProtobuf) in try WireFields(outcome.message) }
  }

  /// A `common.Status`: the code, or in servers before 2.3 the older one, is 0 when all is well.
  private static func check(_ method: String, _ status: WireFields) throws(MilvusError) {
    let (old, code) = (status.number(1), status.number(3))
    guard old != 0 || code != 0 else { return }
    // Of the older codes: a rate limit, no memory left for now, and two kinds of not being ready.
    let isTransient = status.number(4) != 0 || [49, 53, 56, 57].contains(old)
    throw MilvusError(
      "milvus refused \(method) (code \(code == 0 ? old : code)): \(status.text(2).prefix(300))", isTransient: isTransient)
  }

  private static func reading<Value>(_ read: () throws(MalformedProtobuf) -> Value) throws(MilvusError) -> Value {
    do throws(MalformedProtobuf) { return try read() } catch {
      throw MilvusError("milvus's answer cannot be read: \(error)", hint: "check the connection's url", isTransient: false)
    }
  }
}
