/// What one shard sends to one partition of an exchange that crosses between processes: rows, or a mark that says how far its time has come.
///
/// ```
/// SLX2 │ kind u8 │ flags u8 │ 0 0 │ shard u32 │ incarnation u64 │ sequence u64 │ watermark i64 │ rows, when it is a frame of rows
/// ```
/// All integers are little-endian. Frames of one shard to one partition are numbered without holes from 1 on, so a reader knows duplicates and gaps.
package struct ExchangeFrame: Equatable {
  package enum Kind: UInt8 {
    case rows = 1
    case mark = 2
    /// A mark, and the last frame of the shard in this cut of the job: what comes behind it, the shards of the next cut send.
    case last = 3
  }

  static let magic: [UInt8] = Array("SLX2".utf8)
  private static let idle: UInt8 = 1
  private static let ended: UInt8 = 2
  /// Bytes before the rows.
  package static let headBytes = 36

  package var kind: Kind
  /// Which shard of the sending stage.
  package var shard: UInt32
  /// Random, from the shard's first start: a shard that lost its state counts from 1 again, and must not be taken for the one that went before.
  package var incarnation: UInt64
  package var sequence: UInt64
  /// Of a mark: no later row of the shard is at or before it, unless it is late. `Int64.min` before there is any.
  package var watermark = Int64.min
  /// Of a mark: the shard does not hold the time back.
  package var isIdle = false
  /// Of a mark: the shard's input is at its end, and no more rows come.
  package var isEnded = false

  package init(kind: Kind, shard: UInt32, incarnation: UInt64, sequence: UInt64) {
    self.kind = kind
    self.shard = shard
    self.incarnation = incarnation
    self.sequence = sequence
  }

  /// Appends the head.
  package func append(to bytes: inout [UInt8]) {
    bytes += Self.magic
    bytes.append(kind.rawValue)
    bytes.append((isIdle ? Self.idle : 0) | (isEnded ? Self.ended : 0))
    bytes.append(integer: UInt16(0))
    bytes.append(integer: shard)
    bytes.append(integer: incarnation)
    bytes.append(integer: sequence)
    bytes.append(integer: watermark)
  }

  /// Reads the head and leaves the reader at the rows. Throws `StateFormatError` for bytes that are no frame.
  package init(_ reader: inout ByteReader) throws {
    guard try reader.take(4).elementsEqual(Self.magic), let kind = Kind(rawValue: try reader.integer()) else {
      throw StateFormatError("no frame of an exchange, or one of a later version")
    }
    let flags = try reader.integer(UInt8.self)
    _ = try reader.integer(UInt16.self)
    self.init(kind: kind, shard: try reader.integer(), incarnation: try reader.integer(), sequence: try reader.integer())
    watermark = try reader.integer()
    (isIdle, isEnded) = (flags & Self.idle != 0, flags & Self.ended != 0)
  }
}
