package import Dataflow
internal import Synchronization

/// Some of the records of an edge of a running job, as JSON for people: sampled, without personal data, and never more a second than was asked for.
package final class EdgeFeed: Sendable {
  /// What happened on the edge.
  package struct Event: Sendable, Equatable {
    /// One object: the record's time and its fields.
    package var json: String
    /// Records that passed since the event before, those that were not shown included.
    package var passed: Int

    package init(json: String, passed: Int) { (self.json, self.passed) = (json, passed) }
  }

  private struct State {
    let texts: ShownText
    /// Of the second that runs: when it began, and how many records may still be shown.
    var second: Int64 = .min
    var left = 0
    var passed = 0
  }

  /// What is shown; ends when the feed is closed.
  package let events: AsyncStream<Event>
  private let feed: AsyncStream<Event>.Continuation
  private let rate: Int
  private let state: Mutex<State>

  /// - Parameters:
  ///   - rate: records a second that are shown at most.
  ///   - clock: nanoseconds of a steady clock.
  /// - Throws: `Diagnostic` when the rules of redaction cannot be made.
  package init(rate: Int, clock: @escaping @Sendable () -> Int64) throws {
    self.rate = rate
    self.clock = clock
    state = Mutex(State(texts: try ShownText()))
    // Who reads too slowly misses records; the job does not wait.
    (events, feed) = AsyncStream.makeStream(of: Event.self, bufferingPolicy: .bufferingNewest(2 * rate))
  }

  private let clock: @Sendable () -> Int64

  /// Looks at a batch: called by the engine.
  package func look(_ batch: RecordBatch, _ schema: Schema) {
    let now = clock()
    state.withLock { state in
      state.passed += batch.selectedCount
      if now >= state.second &+ 1_000_000_000 || state.second == .min {
        state.second = now
        state.left = rate
      }
      // A fifth of what is left: one batch must not use up the whole second.
      let count = min(batch.selectedCount, state.left, max(1, rate / 5))
      for index in 0..<count {
        let row = Int(batch.selection[index * batch.selectedCount / count])
        feed.yield(Event(json: Self.json(batch, schema, row, state.texts), passed: state.passed))
        state.passed = 0
      }
      state.left -= count
    }
  }

  /// Ends the events.
  package func close() { feed.finish() }

  private static func json(_ batch: RecordBatch, _ schema: Schema, _ row: Int, _ texts: ShownText) -> String {
    var members: [(String, JSONText)] = []
    let time = batch.times[row]
    members.append(("time", time == RecordBatch.noTime ? .null : .string(RFC3339.format(time))))
    members.append(("fields", .object(schema.fields.map { ($0.name, value(batch, $0, row, texts)) })))
    return JSONText.object(members).text
  }

  private static func value(_ batch: RecordBatch, _ field: Field, _ row: Int, _ texts: ShownText) -> JSONText {
    if batch.isNull(field, row) { return .null }
    switch field.type {
    case .int64: return .int(batch.int64s(field)[row])
    case .double: return .double(batch.doubles(field)[row])
    case .bool: return .bool(batch.bools(field)[row])
    case .time:
      let time = batch.int64s(field)[row]
      return time == RecordBatch.noTime ? .null : .string(RFC3339.format(time))
    case .vector: return .string("a vector")
    case .bytes:
      return .string(texts.shown(batch.bytes(field)[row].buffer))
    }
  }
}
