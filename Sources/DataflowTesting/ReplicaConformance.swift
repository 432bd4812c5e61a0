public import Dataflow

/// What every place that keeps checkpoints owes the store: names that are created once, and bytes that come back.
public enum ReplicaConformance {
  /// Puts, creates, reads, renames and removes.
  ///
  /// - Parameter make: opens the same place, which is empty, anew each time.
  /// - Returns: what is wrong, nothing when the place conforms.
  public static func problems(_ make: () throws -> any CheckpointReplica) throws -> [String] {
    var problems: [String] = []
    func expect(_ isTrue: Bool, _ what: String) { if !isTrue { problems.append(what) } }
    let (one, other) = (try make(), try make())
    expect(try one.names().isEmpty, "an empty place has names")
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 9) }
    try one.put("data-1", bytes)
    try one.put("data-2", [])
    try one.sync()
    for (replica, whose) in [(one, "its own"), (other, "another's")] {
      expect(try replica.read("data-1") == bytes, "\(whose) bytes come back changed")
      expect(try replica.read("data-2") == [], "\(whose) empty bytes come back changed")
      for (offset, count) in [(0, 10), (10, 100), (299_990, 10), (299_990, 100), (0, 300_000), (5, 1), (5, 1), (0, 10)] {
        let range = Array(bytes[offset..<min(bytes.count, offset + count)])
        expect(try replica.read("data-1", offset: offset, count: count) == range, "\(whose) range \(offset)+\(count) is wrong")
      }
      expect(try replica.read("data-1", offset: 400_000, count: 1) == [], "\(whose) bytes go on beyond their end")
    }
    expect(try one.create("manifest-1", [1, 2]), "a free name is refused")
    expect(try one.create("manifest-1", [1, 2]), "the same bytes again are refused")
    expect(try other.create("manifest-1", [1, 2]), "another one's same bytes are refused")
    expect(try !other.create("manifest-1", [1, 3]), "a name is created twice")
    expect(try one.read("manifest-1") == [1, 2], "what lost the race has won")
    expect(try one.names().filter(isListed) == ["data-1", "data-2", "manifest-1"], "the names are \(try one.names())")
    for read in [{ try one.read("nothing") }, { try one.read("nothing", offset: 0, count: 1) }] {
      do {
        _ = try read()
        problems.append("what is not there is read")
      } catch let error as any ReplicaFailure {
        expect(error.kind == .damage, "what is not there is \(error.kind): \(error)")
      }
    }
    try one.rename("manifest-1", to: "damaged-manifest-1")
    try one.rename("nothing", to: "something")
    try one.sync()
    expect(
      try other.names().filter(isListed) == ["damaged-manifest-1", "data-1", "data-2"], "after a rename the names are \(try other.names())")
    expect(try other.read("damaged-manifest-1") == [1, 2], "a rename changes the bytes")
    expect(try other.create("manifest-1", [9]), "a name that was renamed away is not free")
    try one.remove(["data-1", "data-1", "nothing", "manifest-1"])
    try one.sync()
    expect(try other.names().filter(isListed) == ["damaged-manifest-1", "data-2"], "after removing the names are \(try other.names())")
    try one.vacate()
    expect(try other.names().filter(isListed) == ["damaged-manifest-1", "data-2"], "a place that still holds something loses it")
    try one.remove(["damaged-manifest-1", "data-2"])
    try one.sync()
    for _ in 0..<2 { try one.vacate() }
    expect(try other.names().isEmpty, "a place that was given up keeps \(try other.names())")
    return problems
  }

  /// A place may keep marks of its own beside.
  private static func isListed(_ name: String) -> Bool { ["data-", "manifest-", "damaged-", "something"].contains { name.hasPrefix($0) } }
}
