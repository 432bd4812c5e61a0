package import Dataflow

/// A topic of kind `local`: a folder with a folder for each partition, and the file that says what of all this counts.
///
/// ```
/// TOPIC/commit                       ends of the partitions and the ledger; replaced as a whole
/// TOPIC/lock                         held while somebody writes
/// TOPIC/0/00000000000000000000.segment …
/// ```
/// Appending: lock, cut what an earlier append left behind, write segments, sync them, replace `commit`, unlock. A process that dies anywhere in
/// between has appended nothing. Readers need no lock: they read no further than `commit` says.
package struct LocalTopic: Sendable {
  package let name: String
  package let folder: String
  let settings: LocalTopicSettings
  let files: any LogFiles

  init(name: String, root: String, settings: LocalTopicSettings, files: any LogFiles) {
    self.name = name
    folder = "\(root)/\(name)"
    self.settings = settings
    self.files = files
  }

  private var commitPath: String { "\(folder)/\(TopicCommit.name)" }

  func partitionFolder(_ partition: Int) -> String { "\(folder)/\(partition)" }
  package func segmentPath(_ partition: Int, _ base: Int64) -> String { "\(folder)/\(partition)/\(TopicSegment.name(base))" }

  /// The newest commit, or nil when there is no such topic. Throws `TopicError` for damage, `FileError`.
  package func commit() throws -> TopicCommit? {
    let bytes: [UInt8]
    do { bytes = try files.read(commitPath) } catch let error as FileError where error.isMissing { return nil }
    guard let commit = TopicCommit(bytes) else {
      throw TopicError(
        .damaged, "the file \(commitPath) is damaged", hint: "restore it from a copy of the folder, or move the folder \(folder) away")
    }
    return commit
  }

  /// Makes the topic if it is missing, and gives it the partitions that the settings ask for.
  package func create(_ runtime: any Runtime) throws {
    try append(runtime) { _ in }
  }

  /// Runs the body as the only writer. What it appends and what it changes in the ledger counts when this returns, and only then.
  ///
  /// Waits for other writers as long as the settings say. Throws `TopicError`, `FileError`, and what the body throws: nothing is appended then.
  package func append<T>(_ runtime: any Runtime, _ body: (inout TopicAppend) throws -> T) throws -> T {
    try files.createDirectory(folder)
    let lock = try waitForLock(runtime)
    defer { withExtendedLifetime(lock) {} }
    let known = try commit()
    let commit = known ?? TopicCommit(id: runtime.random(), partitions: 0)
    var append = TopicAppend(self, commit, now: runtime.now())
    if known == nil { append.hasChanges = true }
    if commit.ends.count < settings.partitions { append.addPartitions(settings.partitions) }
    let result = try body(&append)
    guard try append.finish() else { return result }
    var next = append.commit
    next.sequence += 1
    try publish(next)
    if append.hasRolled { try Retention(topic: self, commit: next, now: append.now).run() }
    return result
  }

  private func waitForLock(_ runtime: any Runtime) throws -> AnyObject {
    let path = "\(folder)/lock"
    var start: Int64?
    while true {
      switch try files.lock(path) {
      case .held(let lock): return lock
      case .busy(let holder):
        let now = runtime.monotonic()
        guard now - (start ?? now) < settings.lockWait else {
          throw TopicError(
            .busy, "topic \"\(name)\" is being written by \(holder.isEmpty ? "another process" : holder), which does not end",
            hint: "one writer at a time: stop that process if it hangs; its lock goes with it")
        }
        start = start ?? now
        runtime.block(nanoseconds: 2_000_000)
      }
    }
  }

  private func publish(_ commit: TopicCommit) throws {
    let temporary = "\(folder)/.\(TopicCommit.name).tmp"
    if settings.isDurable {
      try files.writeDurably(temporary, commit.encoded)
      try files.rename(temporary, to: commitPath)
      try files.syncDirectory(folder)
    } else {
      try files.writeFast(temporary, commit.encoded)
      try files.rename(temporary, to: commitPath)
    }
  }
}

extension FileError {
  /// ENOENT: there is no such file.
  var isMissing: Bool { errno == 2 }
}
