internal import Dataflow
internal import Foundation

/// What the steps of one shard are doing, as its worker tells it to the control server while somebody looks.
public struct ShardLoad: Codable, Sendable, Equatable {
  /// How far event time has come in one split of a source.
  public struct Split: Codable, Sendable, Equatable {
    /// The split's name.
    public var name: String
    /// The newest record's time, nanoseconds since 1970; nil before the first.
    public var newest: Int64?
    /// Whether it has had no records for so long that it no longer holds the time back.
    public var isIdle: Bool
  }

  /// Those of the whole job's steps that the shard has.
  public var steps: [StepLoad]
  /// Of its sources.
  public var splits: [Split]

  /// What is told of a shard stays small.
  private static let splitLimit = 50

  /// - Parameter readsSources: whether what the shard reads are the job's sources, and no exchanges.
  init(_ ids: [String], older: [SubtaskStatus], newest: [SubtaskStatus], seconds: Double, readsSources: Bool) {
    steps = ids.map { StepLoad($0, older: older, newest: newest, seconds: seconds) }.filter { $0.subtasks > 0 }
    splits = (readsSources ? newest.flatMap(\.splits) : []).prefix(Self.splitLimit).map {
      Split(name: $0.name, newest: $0.maxTime == .min ? nil : $0.maxTime, isIdle: $0.isIdle)
    }
  }

  /// As it stands in the database; nil for what this program cannot read.
  public init?(text: String) {
    guard let load = try? JSONDecoder().decode(ShardLoad.self, from: Data(text.utf8)) else { return nil }
    self = load
  }

  /// For the database.
  var text: String? { (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } }
}
