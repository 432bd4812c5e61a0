import Dataflow
import DataflowTesting
import Foundation
import Synchronization
import Testing

@Suite struct StoreTests {
  /// The manifests of a small job that ran to its end, and its disk.
  private static func job(seed: UInt64) throws -> (manifests: [Manifest], disk: SimulatedDisk) {
    let disk = SimulatedDisk(seed: seed)
    let runtime = SimulatedRuntime(seed: seed, disk: disk, stepCost: 200_000)
    let database = SimulatedDatabase(seed: seed)
    let source = ListSource.plan(
      ["n"], (0..<3).map { list in (0..<80).map { ListSource.Record(Int64($0), ["\(list) \($0)"], pause: $0 % 9 == 5 ? 2_000_000 : 0) } })
    let graph = JobGraph(
      name: "job", parallelism: 2, checkpoint: CheckpointPolicy(interval: 3_000_000, retain: 100),
      sources: [SourceNode(id: "lists", type: "list", planned: source)],
      sinks: [
        SinkNode(id: "rows", type: "database", inputs: [NodeInput("lists")], planned: database.sink(source.schema, keys: 1, disk: disk))
      ])
    return try runtime.executor.run {
      let store = try ReplicatedCheckpointStore(files: runtime.files, folder: "/a", job: "job")
      _ = try await JobRunner(graph, runtime: runtime, store: store).run()
      return (try store.epochs().map { try store.manifest($0) }, disk)
    }
  }

  @Test("a manifest comes back as it was written")
  func roundTrip() throws {
    let manifests = try Self.job(seed: 1).manifests
    #expect(manifests.count > 3)
    for (n, manifest) in manifests.enumerated() {
      #expect(manifest.epoch == UInt64(n + 1) && manifest.isFinal == (n == manifests.count - 1))
      #expect(try Manifest(decoding: manifest.encode(), name: "m") == manifest)
    }
  }

  @Test("every flipped bit and every truncation of a manifest is found")
  func damage() throws {
    for manifest in try Self.job(seed: 2).manifests.prefix(2) {
      let bytes = manifest.encode()
      for bit in 0..<bytes.count * 8 {
        var damaged = bytes
        damaged[bit / 8] ^= 1 << UInt8(bit % 8)
        if (try? Manifest(decoding: damaged, name: "m")) != nil { Issue.record("a wrong bit \(bit) of \(bytes.count) bytes was not seen") }
      }
      for length in 0..<bytes.count where (try? Manifest(decoding: Array(bytes.prefix(length)), name: "m")) != nil {
        Issue.record("\(length) of \(bytes.count) bytes were enough")
      }
      #expect(throws: CheckpointDamage.self) { try Manifest(decoding: bytes + [0], name: "m") }
    }
  }

  @Test("publishing again after the disk was full is no conflict; another run's manifest is", arguments: [false, true])
  func publishing(hasCopy: Bool) throws {
    let (manifest, other) = (try Self.job(seed: 3).manifests[2], try Self.job(seed: 4).manifests[2])
    for operations in 0..<12 {
      let disk = SimulatedDisk(seed: 1)
      let store = try ReplicatedCheckpointStore(files: disk, folder: "/a", secondCopy: hasCopy ? "/b" : nil, job: "job")
      try ReplicatedCheckpointStore(files: FullAfter(disk, operations), folder: "/a", secondCopy: hasCopy ? "/b" : nil, job: "job")
        .publishUntilFull(manifest)
      try store.publish(manifest)
      #expect(try store.manifest(3) == manifest)
      #expect(throws: CheckpointConflict.self) { try store.publish(other) }
    }
  }

  @Test("garbage goes, but not the data of a later epoch that another process is about to publish")
  func garbage() throws {
    let (manifests, disk) = try Self.job(seed: 5)
    let store = try ReplicatedCheckpointStore(files: disk, folder: "/a", job: "job")
    let newest = try #require(manifests.last)
    try store.put(Manifest.dataName(newest.epoch, run: 77) + "-0", [1])
    let coming = Manifest.dataName(newest.epoch + 1, run: 99) + "-0"
    try store.put(coming, [1])
    try store.collectGarbage(keep: [newest])
    #expect(Set(try disk.list("/a/job")) == newest.files.union([coming, Manifest.name(newest.epoch)]))
  }

  @Test("a folder keeps checkpoints as every place must")
  func folder() throws {
    let disk = SimulatedDisk(seed: 6)
    #expect(try ReplicaConformance.problems { try FolderReplica(files: disk, folder: "/a", job: "job") } == [])
  }

  @Test("files of the operating system: what is written is read, names are created once, and what is missing is an error")
  func posix() throws {
    let files = PosixFileSystem()
    let folder = FileManager.default.temporaryDirectory.path + "/dataflow-\(UUID().uuidString)"
    defer { try? FileManager.default.removeItem(atPath: folder) }
    try files.createDirectory(folder + "/a/b")
    try files.createDirectory(folder + "/a/b")
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    try files.writeDurably(folder + "/a/b/one", bytes)
    #expect(try files.read(folder + "/a/b/one") == bytes)
    #expect(try files.size(folder + "/a/b/one") == bytes.count)
    #expect(try files.read(folder + "/a/b/one", offset: 299_990, count: 100) == Array(bytes.suffix(10)))
    #expect(try files.read(folder + "/a/b/one", offset: 400_000, count: 1) == [])
    try files.writeDurably(folder + "/a/b/one", [9])
    #expect(try files.read(folder + "/a/b/one") == [9])
    try files.createExclusively(folder + "/a/b/two", [1, 2])
    #expect(throws: FileError.self) { try files.createExclusively(folder + "/a/b/two", [3]) }
    do { try files.createExclusively(folder + "/a/b/two", [3]) } catch let error as FileError { #expect(error.isAlreadyThere) }
    #expect(try files.read(folder + "/a/b/two") == [1, 2])
    try files.rename(folder + "/a/b/one", to: folder + "/a/b/two")
    try files.syncDirectory(folder + "/a/b")
    #expect(try files.list(folder + "/a/b") == ["two"])
    #expect(files.exists(folder + "/a/b/two") && !files.exists(folder + "/a/b/one"))
    try files.remove(folder + "/a/b/two")
    try files.remove(folder + "/a/b/two")
    #expect(try files.list(folder + "/nowhere") == [])
    #expect(throws: FileError.self) { try files.read(folder + "/nowhere") }
    #expect(throws: FileError.self) { try files.createDirectory("/dev/null/x") }
  }
}

extension ReplicatedCheckpointStore {
  fileprivate func publishUntilFull(_ manifest: Manifest) throws {
    do { try publish(manifest) } catch let error as FileError where error.isNoSpace { return }
  }
}

/// A disk that is full after a number of operations.
private final class FullAfter: FileSystem {
  private let disk: SimulatedDisk
  private let left: Mutex<Int>

  init(_ disk: SimulatedDisk, _ operations: Int) {
    self.disk = disk
    left = Mutex(operations)
  }

  private func use(_ path: String) throws {
    let isFull = left.withLock { left in
      left -= 1
      return left < 0
    }
    if isFull { throw FileError(operation: "write", path: path, errno: 28, message: "No space left on device") }
  }

  func createDirectory(_ path: String) throws { try disk.createDirectory(path) }
  func list(_ path: String) throws -> [String] { try disk.list(path) }
  func exists(_ path: String) -> Bool { disk.exists(path) }
  func read(_ path: String) throws -> [UInt8] { try disk.read(path) }
  func read(_ path: String, offset: Int, count: Int) throws -> [UInt8] { try disk.read(path, offset: offset, count: count) }
  func size(_ path: String) throws -> Int { try disk.size(path) }
  func writeDurably(_ path: String, _ bytes: [UInt8]) throws {
    try use(path)
    try disk.writeDurably(path, bytes)
  }
  func rename(_ from: String, to: String) throws { try disk.rename(from, to: to) }
  func createExclusively(_ path: String, _ bytes: [UInt8]) throws {
    try use(path)
    try disk.createExclusively(path, bytes)
  }
  func syncDirectory(_ path: String) throws {
    try use(path)
    try disk.syncDirectory(path)
  }
  func remove(_ path: String) throws { try disk.remove(path) }
}
