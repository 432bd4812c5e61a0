/// One place that keeps the checkpoints of one job under names: a folder of a disk, a part of a bucket. Blocking; used from background threads.
///
/// Failures are `ReplicaFailure`s. `ReplicatedCheckpointStore` makes a store of one or several.
public protocol CheckpointReplica: Sendable {
  /// What people call the place: `.sloscout/fingerprint`, `s3://bucket/prefix/fingerprint`.
  var place: String { get }
  /// Stores bytes under a name that nobody else uses. Durable when the next `sync` returns.
  func put(_ name: String, _ bytes: [UInt8]) throws
  /// Stores bytes under a name if it is free. Returns false when it holds other bytes; true when it holds these, whoever put them there.
  func create(_ name: String, _ bytes: [UInt8]) throws -> Bool
  /// All bytes of a name.
  func read(_ name: String) throws -> [UInt8]
  /// A range of the bytes of a name; fewer only at their end.
  func read(_ name: String, offset: Int, count: Int) throws -> [UInt8]
  /// Every name, sorted.
  func names() throws -> [String]
  /// Removes names; one that is gone already is no failure.
  func remove(_ names: [String]) throws
  /// Gives the bytes another name, when there are any.
  func rename(_ name: String, to other: String) throws
  /// Makes durable what was put, renamed and removed.
  func sync() throws
  /// Nothing is kept here any more: removes what stands for the place itself, unless there is something in it.
  func vacate() throws
}

/// A failure of a place that keeps checkpoints.
public protocol ReplicaFailure: Error, CustomStringConvertible {
  /// What a store does about it.
  var kind: ReplicaFailureKind { get }
}

/// What a store does about a failure.
public enum ReplicaFailureKind: Sendable, Equatable {
  /// The bytes are not there or cannot be read: another copy may have them.
  case damage
  /// It may pass by itself (the disk is full, a server does not answer): wait and try again. Says nothing about the bytes.
  case passing
  /// A person must act, for example on credentials. Says nothing about the bytes.
  case refused
}

extension FileError: ReplicaFailure {
  /// A full disk may have room again; all else is a damaged copy.
  public var kind: ReplicaFailureKind { isNoSpace ? .passing : .damage }
}
