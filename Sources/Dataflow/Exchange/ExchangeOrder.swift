/// What a reader of an exchange knows of each sending shard, and what it does with the frames that come: which are new, which came before.
///
/// A shard sends what stands in its checkpoints, so whoever runs it later sends the same frames under the same numbers. A worker that was killed or
/// paused in the middle can therefore only repeat; nothing of what it does is lost or counted twice. A pure value.
package struct ExchangeOrder: Equatable, Sendable {
  /// What is known of one sending shard.
  package struct Sender: Equatable, Sendable {
    /// Nil before its first frame.
    package var incarnation: UInt64?
    /// Of the last frame that was taken.
    package var sequence: UInt64 = 0
    package var watermark = Int64.min
    package var isIdle = false
    package var isEnded = false
    /// It has sent its last frame in this cut of the job.
    package var isDrained = false

    package init() {}
  }

  package enum Decision: Equatable {
    /// It is the next one: its rows or its mark count.
    case take
    /// It was taken before.
    case duplicate
    /// Frames before it did not come. Whoever sent it will send them, and then this one again.
    case gap(expected: UInt64)
  }

  package private(set) var senders: [Sender]
  /// Frames that came again, and frames that came too early, since the start.
  package private(set) var duplicates = 0
  package private(set) var gaps = 0

  /// Nothing came yet.
  package init(senders: Int) { self.senders = Array(repeating: Sender(), count: senders) }

  /// Whether the input of all senders is at its end.
  package var isEnded: Bool { senders.allSatisfy(\.isEnded) }

  /// Whether nothing more comes in this cut of the job, though the input of some is not at its end.
  package var isDrained: Bool { !isEnded && senders.allSatisfy { $0.isEnded || $0.isDrained } }

  /// Decides about a frame and notes it when it is taken.
  ///
  /// - Throws: `ExchangeBroken` when the sender is none of ours, or started from nothing.
  package mutating func decide(_ frame: ExchangeFrame) throws -> Decision {
    let index = Int(frame.shard)
    guard senders.indices.contains(index) else { throw ExchangeBroken.unknownSender(index, of: senders.count) }
    var sender = senders[index]
    if let known = sender.incarnation, known != frame.incarnation { throw ExchangeBroken.stateGone(index) }
    if frame.sequence <= sender.sequence {
      duplicates += 1
      return .duplicate
    }
    if sender.isDrained { throw ExchangeBroken.wentOn(index) }
    guard frame.sequence == sender.sequence + 1 else {
      gaps += 1
      return .gap(expected: sender.sequence + 1)
    }
    (sender.incarnation, sender.sequence) = (frame.incarnation, frame.sequence)
    if frame.kind != .rows {
      sender.watermark = max(sender.watermark, frame.watermark)
      (sender.isIdle, sender.isEnded, sender.isDrained) = (frame.isIdle, frame.isEnded, frame.kind == .last)
    }
    senders[index] = sender
    return .take
  }

  // MARK: Checkpoint

  /// What a checkpoint keeps of one sender.
  package func encode(_ index: Int) -> [UInt8] {
    let sender = senders[index]
    var bytes: [UInt8] = []
    bytes.append(
      integer: UInt8((sender.incarnation == nil ? 0 : 1) | (sender.isIdle ? 2 : 0) | (sender.isEnded ? 4 : 0) | (sender.isDrained ? 8 : 0)))
    bytes.append(integer: sender.incarnation ?? 0)
    bytes.append(integer: sender.sequence)
    bytes.append(integer: sender.watermark)
    return bytes
  }

  /// Takes a sender back. Throws `StateFormatError`.
  package mutating func restore(_ index: Int, _ reader: inout ByteReader) throws {
    guard senders.indices.contains(index) else { throw StateFormatError("sender \(index) of an exchange with \(senders.count)") }
    var sender = Sender()
    let flags = try reader.integer(UInt8.self)
    let incarnation = try reader.integer(UInt64.self)
    sender.incarnation = flags & 1 == 0 ? nil : incarnation
    sender.sequence = try reader.integer()
    sender.watermark = try reader.integer()
    (sender.isIdle, sender.isEnded, sender.isDrained) = (flags & 2 != 0, flags & 4 != 0, flags & 8 != 0)
    senders[index] = sender
  }
}

/// What no waiting cures about an exchange.
package enum ExchangeBroken: Error, Equatable {
  /// The job was cut otherwise when the frame was sent.
  case unknownSender(Int, of: Int)
  /// The sender counts from 1 again: its state is lost.
  case stateGone(Int)
  /// The sender sent something behind its last frame in this cut of the job.
  case wentOn(Int)
}
