extension PosixFile {
  /// All bytes of a file. For files that are small enough to be held.
  static func contents(_ path: String) throws(SystemError) -> [UInt8] {
    let file = try PosixFile(path)
    var bytes = [UInt8](repeating: 0, count: Int(try file.status().size))
    var read = 0
    var failure: SystemError?
    bytes.withUnsafeMutableBytes { buffer in
      do throws(SystemError) { read = try file.read(into: buffer, at: 0) } catch { failure = error }
    }
    if let failure { throw failure }
    bytes.removeLast(bytes.count - read)
    return bytes
  }
}
