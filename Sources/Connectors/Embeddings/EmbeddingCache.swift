internal import Dataflow
internal import Search
internal import Synchronization

/// Vectors by key, and which keys somebody is asking for right now: no key is asked for twice.
///
/// `@unchecked Sendable`: everything is read and written under the lock.
final class EmbeddingCache: @unchecked Sendable {
  enum Claim {
    /// The vector is there.
    case known
    /// The caller asks, and must `put` or `fail` the key whatever comes of it.
    case mine(EmbeddingTicket)
    /// Somebody else asks.
    case others(EmbeddingTicket)
  }

  private let lock = Mutex(())
  private var table: StateTable
  private var tickets: [KeyHash: EmbeddingTicket] = [:]
  let dimensions: Int

  init(dimensions: Int) {
    self.dimensions = dimensions
    table = StateTable(payload: dimensions * 4)
  }

  var count: Int { lock.withLock { _ in table.count } }

  func claim(_ key: KeyHash) -> Claim {
    lock.withLock { _ in
      if table.find(key) != nil { return .known }
      if let ticket = tickets[key] { return .others(ticket) }
      let ticket = EmbeddingTicket()
      tickets[key] = ticket
      return .mine(ticket)
    }
  }

  /// The vector of a claimed key: whoever waits goes on.
  func put(_ key: KeyHash, _ vector: [Float]) {
    precondition(vector.count == dimensions, "a vector of \(vector.count) numbers among those of \(dimensions)")
    let ticket = lock.withLock { _ in
      var inserted = false
      let row = table.slot(key, inserted: &inserted)
      vector.withUnsafeBytes { (row + 16).copyMemory(from: $0.baseAddress!, byteCount: $0.count) }  // it has one number at least
      return tickets.removeValue(forKey: key)
    }
    ticket?.settle(nil)
  }

  /// A claimed key has no vector: whoever waits is told, and the next one who needs it asks again.
  func fail(_ key: KeyHash, _ failure: EmbeddingError) {
    lock.withLock { _ in tickets.removeValue(forKey: key) }?.settle(failure)
  }

  /// Copies the vector into the batch; nil when there is none.
  func copy(_ key: KeyHash, to batch: RecordBatch) -> ByteView? {
    lock.withLock { _ in
      table.find(key).map { batch.copy(UnsafeBufferPointer(start: ($0 + 16).assumingMemoryBound(to: UInt8.self), count: dimensions * 4)) }
    }
  }

  func snapshot(_ into: inout SnapshotBuilder, _ name: String) {
    lock.withLock { _ in into.add(name, table) }
  }

  func restore(_ from: StateReader, _ name: String, of writer: Int) throws {
    try lock.withLock { _ in
      try from.forEachRow(name, of: writer, payload: dimensions * 4) { row in
        var inserted = false
        table.slot(row.loadUnaligned(as: KeyHash.self), inserted: &inserted).copyMemory(from: row, byteCount: table.stride)
      }
    }
  }
}
