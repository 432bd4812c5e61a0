package import Dataflow
internal import Foundation
internal import HMAC

/// Values that are too long for a topic: they are kept elsewhere, under the hash of their content, and the record has a reference instead.
///
/// ```
/// value longer than `above` ──▶ store: values/<hash> ──▶ record with an empty value, header sloscout-value: sha256:<hash>:<bytes>
/// ```
/// A value is in the store before the record that refers to it is staged, so that no reference leads to nothing; one that comes again is stored once.
/// The store is never cleaned from here: it must keep values for as long as the topic keeps records.
package struct OversizedValues: Sendable {
  /// The header that holds a reference.
  package static let header = "sloscout-value"
  /// Bytes of values that a batch gets back, about: a batch of references must not become gigabytes.
  private static let batchBytes = 16 << 20

  /// Bytes from which on a value is kept elsewhere.
  package let above: Int
  /// Opens the store: a folder is made when it is first needed, and not when a job file is checked.
  private let store: @Sendable () throws -> any CheckpointReplica

  package init(above: Int, store: @escaping @Sendable () throws -> any CheckpointReplica) {
    self.above = above
    self.store = store
  }

  // MARK: Options

  /// The option of a connection with topics.
  static let field = ConfigField(
    "oversized",
    .object([
      ConfigField(
        "store", .string, required: true, example: "s3://bucket/telemetry",
        "Where they are kept: a folder, or a part of a bucket. Nothing is removed from it; let it keep them as long as the topics their records."
      ),
      ConfigField("above", .byteCount, default: "100KiB", "Longer values are kept there."),
      ConfigField(
        "s3", .object(S3Connection.descriptor.fields),
        "The server of the bucket; without it, what the variables that Amazon's tools read say."),
    ]), example: "{ store: data/values }",
    "Keeps long values out of the topics: records refer to them, and sources put them back. Jobs that read must say the same as those that write."
  )

  /// What the connection's options say; nil when long values stay in the topics. Throws `Diagnostic`.
  static func option(_ connection: Config) throws -> OversizedValues? {
    guard let options = connection.object("oversized") else { return nil }
    let place = options.string("store") ?? ""
    do {
      let store: @Sendable () throws -> any CheckpointReplica
      if let location = S3Location(place) {
        let client = try S3Client(try S3Options(options.object("s3"), environment: ProcessInfo.processInfo.environment))
        store = { S3Replica(client, location, job: "values") }
      } else {
        guard !place.isEmpty, !place.hasPrefix("s3://") else {
          throw options.diagnostic(
            "store", code: "topic.oversized", "\"\(place)\" is no folder and no part of a bucket", hint: "store: data/values")
        }
        store = { try FolderReplica(files: PosixFileSystem(), folder: place, job: "values") }
      }
      return OversizedValues(above: options.byteCount("above") ?? 100 << 10, store: store)
    } catch let error as S3Error {
      throw options.diagnostic("store", code: "topic.oversized", "\(error)", hint: "set s3: { accessKey: …, secretKey: … }")
    }
  }

  // MARK: Writing

  /// Keeps a value and gives the reference to it. Blocks. Throws `SinkError`.
  package func keep(_ value: [UInt8]) throws -> [UInt8] {
    guard let hash = Self.hash(value) else { throw SinkError("could not compute the hash of a long value", retry: .never) }
    do {
      let store = try store()
      guard try store.create(hash, value) else {
        throw SinkError(
          "\(store.place)/\(hash) holds other bytes than its name says", hint: "it is damaged: remove it, it is written anew", retry: .never
        )
      }
      try store.sync()
    } catch let error as SinkError { throw error } catch {
      throw SinkError("could not keep a value of \(value.count) bytes: \(error)", retry: .withBackoff)
    }
    return Array("sha256:\(hash):\(value.count)".utf8)
  }

  // MARK: Reading

  /// Cuts off the rows of a batch from which on too much would come back. Returns the offset of the first of them; nil when all stay.
  package func cut(_ batch: RecordBatch) -> Int64? {
    var bytes = 0
    for index in 0..<batch.selectedCount {
      let row = Int(batch.selection[index])
      guard let reference = Self.reference(batch, row) else { continue }
      if bytes > 0, bytes + reference.count > Self.batchBytes {
        batch.selectedCount = index
        return batch.offsets[row]
      }
      bytes += reference.count
    }
    return nil
  }

  /// Puts the values back. Blocks. Throws `SourceError` when one is not there.
  package func restore(_ batch: RecordBatch) throws {
    let values = batch.bytes(TopicColumns.value)
    for index in 0..<batch.selectedCount {
      let row = Int(batch.selection[index])
      guard let reference = Self.reference(batch, row) else { continue }
      let value = try read(reference)
      values[row] = value.withUnsafeBufferPointer { batch.copy($0) }
      batch.raws[row] = values[row]
    }
  }

  private func read(_ reference: (hash: String, count: Int)) throws -> [UInt8] {
    let value: [UInt8]
    do { value = try store().read(reference.hash) } catch {
      throw SourceError(
        "the value of a record is not to be had: \(error)",
        hint: "the store must keep values as long as the topic keeps records; skip the record, or bring \(reference.hash) back",
        isTransient: (error as? any ReplicaFailure)?.kind == .passing)
    }
    guard value.count == reference.count, Self.hash(value) == reference.hash else {
      throw SourceError(
        "the stored value \(reference.hash) is not the one that a record refers to", hint: "it is damaged: bring back a copy")
    }
    return value
  }

  /// The reference in the headers of a row, whose value is empty.
  private static func reference(_ batch: RecordBatch, _ row: Int) -> (hash: String, count: Int)? {
    let headers = batch.bytes(TopicColumns.headers)[row]
    guard !headers.isNull, batch.bytes(TopicColumns.value)[row].count == 0 else { return nil }
    let text = headers.string
    guard let start = text.range(of: "\"\(header)\":\"sha256:")?.upperBound else { return nil }
    let parts = text[start...].prefix { $0 != "\"" }.split(separator: ":")
    guard parts.count == 2, parts[0].utf8.count == 64, parts[0].allSatisfy(\.isHexDigit), let count = Int(parts[1]), count >= 0 else {
      return nil
    }
    return (String(parts[0]), count)
  }

  private static func hash(_ value: [UInt8]) -> String? {
    SHA256.hash(value).map { bytes in
      let digits = Array("0123456789abcdef".utf8)
      return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
  }
}
