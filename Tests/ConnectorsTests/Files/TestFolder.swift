import Glibc

/// A folder of its own for one test, removed at the end.
final class TestFolder {
  let path: String

  init() {
    var template = Array("/tmp/files-test-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template))
  }

  deinit {
    Self.remove(path)
  }

  subscript(_ name: String) -> String { "\(path)/\(name)" }

  func write(_ name: String, _ bytes: [UInt8]) { put(name, bytes, O_TRUNC) }
  func write(_ name: String, _ text: String) { write(name, Array(text.utf8)) }
  func append(_ name: String, _ bytes: [UInt8]) { put(name, bytes, O_APPEND) }
  func append(_ name: String, _ text: String) { append(name, Array(text.utf8)) }

  private func put(_ name: String, _ bytes: [UInt8], _ flag: Int32) {
    let file = open(self[name], O_WRONLY | O_CREAT | flag, 0o644)
    precondition(file >= 0, "could not open \(self[name])")
    var done = 0
    while done < bytes.count { done += bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress! + done, bytes.count - done) } }
    close(file)
  }

  func makeFolder(_ name: String) { mkdir(self[name], 0o755) }
  func rename(_ name: String, to other: String) { _ = Glibc.rename(self[name], self[other]) }
  func link(_ name: String, as other: String) { symlink(self[name], self[other]) }
  func remove(_ name: String) { unlink(self[name]) }
  func truncate(_ name: String) { _ = Glibc.truncate(self[name], 0) }

  private static func remove(_ path: String) {
    if let handle = opendir(path) {
      var names: [String] = []
      while let entry = readdir(handle) {
        let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name)!
        names.append(String(cString: (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self)))
      }
      closedir(handle)
      for name in names where name != "." && name != ".." { remove("\(path)/\(name)") }
      rmdir(path)
    } else {
      unlink(path)
    }
  }
}
