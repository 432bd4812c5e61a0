public import Dataflow
internal import Dispatch
internal import Postgres
internal import Synchronization

/// The source type `capsules`: the templates of the capsules that a fingerprint job has written, each shape once a reading.
///
/// - Output: `shape`, `template`, `service`, `environment` (one of those that have it), `first_seen`, which is also the event time.
/// - Guarantees: a reading hands out every shape that is there when it begins. Shapes never change, so readings can be told apart by nothing: put a
///   `deduplicate` by shape behind the source and each is handed on once, whatever is killed meanwhile.
/// - Complexity: a reading asks the database one question, and holds the answer: about 200 bytes a shape.
public enum CapsuleSource {
  /// The entry for the catalog.
  public static let type = SourceType(descriptor, plan: plan)

  static let descriptor = Descriptor(
    type: "capsules", summary: "Reads the templates that a fingerprint job has found, from its table in PostgreSQL.",
    fields: [
      ConfigField("mode", .choice(["once", "follow"]), default: "follow", "Read what is there, or look again for new ones."),
      ConfigField("every", .duration, default: "10s", "With `follow`: how long after one reading the next begins."),
    ],
    example: "mode: follow\nevery: 10s")

  static let schema = Schema([
    ("shape", .bytes), ("template", .bytes), ("service", .bytes), ("environment", .bytes), ("first_seen", .time),
  ])

  private static func plan(_ config: Config) throws -> PlannedSource {
    guard let connection = config.object("connection") else {
      throw config.diagnostic(
        "connection", code: "postgres.no-connection", "a capsules source needs a connection",
        hint: "add a Connection document of type postgres and name it: connection: <name>")
    }
    let options = try PostgresConnection.options(connection)
    let isBounded = config.string("mode") == "once"
    let pause = max(1_000_000, config.duration("every") ?? 10_000_000_000)
    return PlannedSource(schema: schema, isReplayable: true, isBounded: isBounded) {
      CapsuleReader(options, pause: isBounded ? nil : pause)
    }
  }
}

/// Reads on a thread of its own and hands out what is there, so that the subtask never waits for the server.
private final class CapsuleReader: SourceReader {
  private struct Row: Sendable {
    var texts: [String?]
    /// Nanoseconds since 1970.
    var time: Int64
  }

  /// Where a reading's answer waits for the subtask.
  private final class Mailbox: Sendable {
    let answer = Mutex<Result<[Row], PostgresError>?>(nil)
  }

  private let options: PostgresOptions
  /// Nanoseconds between readings; nil for one only.
  private let pause: Int64?
  private let queue = DispatchQueue(label: "sloscout.capsules")
  private let mailbox = Mailbox()
  private var isAsking = false
  private var rows: [Row] = []
  private var next = 0
  private var readings = 0
  private var due: Int64 = .min
  private var runtime: (any Runtime)?
  private var split: UInt32?
  private var table = SplitTable()
  private static let splitName = "capsules"

  init(_ options: PostgresOptions, pause: Int64?) { (self.options, self.pause) = (options, pause) }

  func open(_ context: SourceContext) throws {
    runtime = context.runtime
    table = context.splits
    if context.owns(0) { split = context.splits.register(Self.splitName) }
  }

  func poll(_ batch: RecordBatch) throws -> SourceStatus {
    guard let split, let runtime else { return .drained }
    if next == rows.count {
      if isAsking {
        guard let result = mailbox.answer.withLock({ $0.take() }) else { return .wait(.milliseconds(5)) }
        isAsking = false
        (rows, next) = (try result.get(), 0)
        readings += 1
        due = runtime.monotonic() + (pause ?? 0)
        return rows.isEmpty && pause != nil ? .wait(.nanoseconds(pause ?? 0)) : .more
      }
      if readings > 0, pause == nil {
        table.finish(split)
        return .drained
      }
      let now = runtime.monotonic()
      if now < due { return .wait(.nanoseconds(due - now)) }
      ask()
      return .wait(.milliseconds(5))
    }
    let fields = CapsuleSource.schema.fields
    while next < rows.count, !batch.isFull {
      let source = rows[next]
      let row = batch.appendRow()
      for (field, text) in zip(fields, source.texts) { batch.bytes(field)[row] = text.map { batch.copy($0) } ?? .null }
      batch.int64s(fields[4])[row] = source.time
      batch.nulls(fields[4])[row] = 0
      batch.times[row] = source.time
      batch.raws[row] = batch.bytes(fields[1])[row]
      batch.offsets[row] = Int64(next)
      batch.splits[row] = split
      next += 1
    }
    return .more
  }

  private func ask() {
    isAsking = true
    queue.async { [options, mailbox] in
      let result: Result<[Row], PostgresError>
      do { result = .success(try Self.read(options)) } catch let error as PostgresError { result = .failure(error) } catch {
        result = .failure(PostgresError(sqlState: "XX000", message: "\(error)"))
      }
      mailbox.answer.withLock { $0 = result }
    }
  }

  private static func read(_ options: PostgresOptions) throws -> [Row] {
    let client = try PostgresClient(options)
    defer { client.close() }
    guard try client.query("SELECT to_regclass('capsule_shape')").scalar != nil else { return [] }
    let rows = try client.query(
      """
      SELECT shape, (array_agg(template ORDER BY service, environment))[1], min(service), min(environment),
        (extract(epoch FROM coalesce(min(first_seen), min(window_start))) * 1000000)::bigint
      FROM capsule_shape GROUP BY shape ORDER BY shape
      """
    ).rows
    return rows.map { row in Row(texts: Array(row[..<4]), time: (row[4].flatMap { Int64($0) } ?? 0) &* 1000) }
  }

  /// There is nothing to go on from: what a reading repeats is told by the `deduplicate` behind it.
  func positions() -> [SplitPosition] { split == nil ? [] : [SplitPosition(name: Self.splitName, state: [])] }

  func restore(_ positions: [SplitPosition]) throws {}
}
