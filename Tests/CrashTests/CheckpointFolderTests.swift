import Dataflow
import Foundation
import Testing

@Suite("the folder of checkpoints, shared by processes that do not know of each other")
struct CheckpointFolderTests {
  private let root = FileManager.default.temporaryDirectory.appendingPathComponent("checkpoints-\(UUID().uuidString)").path

  private func store(secondCopy: Bool = false) throws -> ReplicatedCheckpointStore {
    try ReplicatedCheckpointStore(files: PosixFileSystem(), folder: root + "/a", secondCopy: secondCopy ? root + "/b" : nil, job: "job")
  }

  private func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: root + "/a/job").sorted() }

  @Test("an epoch is published once")
  func once() throws {
    defer { try? FileManager.default.removeItem(atPath: root) }
    let (mine, theirs) = (try store(), try store())
    try mine.publish(Manifest(job: "job", epoch: 1))
    var other = Manifest(job: "job", epoch: 1)
    other.createdAt = 1
    #expect(throws: CheckpointConflict.self) { try theirs.publish(other) }
    #expect(try mine.epochs() == [1])
  }

  @Test("an epoch below the newest is refused, also when its own manifest was cleaned up long ago")
  func late() throws {
    defer { try? FileManager.default.removeItem(atPath: root) }
    let store = try store(secondCopy: true)
    for epoch in UInt64(1)...5 { try store.publish(Manifest(job: "job", epoch: epoch)) }
    try store.collectGarbage(keep: [Manifest(job: "job", epoch: 5)])
    #expect(throws: CheckpointConflict.self) { try store.publish(Manifest(job: "job", epoch: 2)) }
    #expect(try store.epochs() == [5])
  }

  @Test("cleaning up takes what is older and unused, half-written files too, and nothing of a run that is ahead")
  func cleaning() throws {
    defer { try? FileManager.default.removeItem(atPath: root) }
    let store = try store()
    for name in ["data-0000000003-aa-0", "data-0000000004-aa-0", "data-0000000005-bb-0", "data-12345678901-bb-0"] {
      try store.put(name, [1])
    }
    try store.publish(Manifest(job: "job", epoch: 3))
    try store.publish(Manifest(job: "job", epoch: 4))
    try store.publish(Manifest(job: "job", epoch: 5))
    for name in ["manifest-0000000002.77.tmp", "manifest-0000000005.78.tmp"] {
      try Data().write(to: URL(fileURLWithPath: root + "/a/job/" + name))
    }
    try store.collectGarbage(keep: [Manifest(job: "job", epoch: 4)])
    #expect(
      try names() == [
        "data-0000000005-bb-0", "data-12345678901-bb-0", "manifest-0000000004", "manifest-0000000005", "manifest-0000000005.78.tmp",
      ])
  }

  @Test(
    "damage in one copy is healed by the other and told once",
    arguments: [[UInt8](), Array("SLOCHKPT".utf8), [UInt8](repeating: 0, count: 300)])
  func healed(bytes: [UInt8]) throws {
    defer { try? FileManager.default.removeItem(atPath: root) }
    let store = try store(secondCopy: true)
    try store.publish(Manifest(job: "job", epoch: 1))
    try store.put("data-0000000001-aa-0", [1, 2, 3])
    #expect(try store.manifest(1).epoch == 1)
    #expect(store.takeHealed() == [])
    let (manifest, data) = (root + "/a/job/manifest-0000000001", root + "/a/job/data-0000000001-aa-0")
    try Data(bytes).write(to: URL(fileURLWithPath: manifest))
    try FileManager.default.removeItem(atPath: data)
    for _ in 0..<2 {
      #expect(try store.manifest(1).epoch == 1)
      #expect(try store.get("data-0000000001-aa-0", offset: 0, count: 3) { $0 == [1, 2, 3] } == [1, 2, 3])
    }
    let told = store.takeHealed()
    #expect(told.count == 2)
    #expect(told.contains { $0.contains(manifest) } && told.contains { $0.contains(data) })
    #expect(store.takeHealed() == [])
  }

  @Test("a manifest that stands in one copy only is no damage: a crash came between the two")
  func oneManifest() throws {
    defer { try? FileManager.default.removeItem(atPath: root) }
    let store = try store(secondCopy: true)
    try store.publish(Manifest(job: "job", epoch: 1))
    try FileManager.default.removeItem(atPath: root + "/a/job/manifest-0000000001")
    #expect(try store.epochs() == [1])
    #expect(try store.manifest(1).epoch == 1)
    #expect(store.takeHealed() == [])
  }
}
