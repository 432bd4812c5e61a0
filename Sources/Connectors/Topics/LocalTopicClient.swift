package import Dataflow

/// Topics as segmented files on this machine's disk.
package struct LocalTopicClient: TopicClient {
  private let root: String
  private let settings: LocalTopicSettings
  private let overrides: [String: LocalTopicSettings]
  private let files: any LogFiles
  package var oversized: OversizedValues?

  /// - Parameters:
  ///   - root: the folder of all topics.
  ///   - overrides: settings of single topics.
  package init(
    root: String, settings: LocalTopicSettings = LocalTopicSettings(), overrides: [String: LocalTopicSettings] = [:],
    files: any LogFiles = PosixFileSystem()
  ) {
    self.root = root
    self.settings = settings
    self.overrides = overrides
    self.files = files
  }

  package var place: String { root }

  package var recordBytes: Int { TopicLimits.recordBytes }

  package func makeReader(_ topic: String) throws -> any TopicReader { LocalTopicReader(self.topic(topic)) }

  package func makeCommitter(_ topic: String) throws -> any SinkCommitter { LocalTopicCommitter(self.topic(topic)) }

  package func makeAppender(_ topic: String, _ runtime: any Runtime) throws -> any TopicAppender {
    LocalTopicAppender(topic: self.topic(topic), runtime: runtime)
  }

  package func remove(_ topic: String) throws { try self.topic(topic).remove() }

  /// The topic of that name, which need not exist.
  package func topic(_ name: String) -> LocalTopic {
    LocalTopic(name: name, root: root, settings: overrides[name] ?? settings, files: files)
  }
}
