internal import Dataflow

extension LocalTopic {
  /// Removes the topic with all that is in it. From the first step on there is no such topic; what a kill in between has left goes the next time.
  func remove() throws {
    try files.remove("\(folder)/\(TopicCommit.name)")
    for name in try files.list(folder) {
      let path = "\(folder)/\(name)"
      if let partition = Int(name) {
        for file in try files.list(partitionFolder(partition)) { try files.remove("\(path)/\(file)") }
        try files.removeEmptyDirectory(path)
      } else {
        try files.remove(path)
      }
    }
    try files.removeEmptyDirectory(folder)
  }
}
