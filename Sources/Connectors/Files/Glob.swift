internal import Glibc

/// Finds the files that a pattern names: `*` and `?` within one name, `**` for any number of folders.
///
/// As in a shell, a `*` or `?` at the beginning of a name does not stand for a dot. `**` does not follow links to folders, so it ends.
package struct Glob {
  /// As it was written.
  package let pattern: String
  private let root: String
  private let parts: [[UInt8]]

  package init(_ pattern: String) {
    self.pattern = pattern
    root = pattern.hasPrefix("/") ? "/" : ""
    parts = pattern.split(separator: "/").filter { $0 != "." }.map { Array($0.utf8) }
  }

  /// Whether the pattern may name more than one file.
  var hasWildcards: Bool { parts.contains(where: Self.isPattern) }

  /// Whether the pattern names nothing: no text, or slashes only.
  var isEmpty: Bool { parts.isEmpty }

  /// The paths that match, sorted bytewise; folders are left out. Relative patterns give relative paths.
  ///
  /// - Parameter onUnreadable: called for folders that cannot be listed.
  package func paths(onUnreadable: (any Error) throws -> Void) throws -> [String] {
    var found: Set<String> = []
    try expand(root, 0, &found, onUnreadable)
    return found.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  /// Whether a name matches one part of a pattern.
  package static func matches(_ name: [UInt8], _ part: [UInt8]) -> Bool {
    if name.first == UInt8(ascii: "."), let first = part.first, first == UInt8(ascii: "*") || first == UInt8(ascii: "?") { return false }
    var n = 0
    var p = 0
    // Where to go back to: the last star, and the first byte of the name it does not stand for yet.
    var star = -1
    var resume = 0
    while n < name.count {
      if p < part.count, part[p] == UInt8(ascii: "*") {
        star = p
        resume = n
        p += 1
      } else if p < part.count, part[p] == UInt8(ascii: "?") || part[p] == name[n] {
        n += 1
        p += 1
      } else if star >= 0 {
        p = star + 1
        resume += 1
        n = resume
      } else {
        return false
      }
    }
    while p < part.count, part[p] == UInt8(ascii: "*") { p += 1 }
    return p == part.count
  }

  private static func isPattern(_ part: [UInt8]) -> Bool {
    part.contains(UInt8(ascii: "*")) || part.contains(UInt8(ascii: "?"))
  }

  private func expand(
    _ folder: String, _ index: Int, _ found: inout Set<String>, _ onUnreadable: (any Error) throws -> Void
  ) throws {
    let part = parts[index]
    let isLast = index == parts.count - 1
    if part == Array("**".utf8) {
      // No folder in between, then every folder below. A last `**` stands for all files below.
      if isLast {
        try descend(folder, onUnreadable) { path, isFolder in if !isFolder { found.insert(path) } }
      } else {
        try expand(folder, index + 1, &found, onUnreadable)
        try descend(folder, onUnreadable) { path, isFolder in
          if isFolder { try expand(path + "/", index + 1, &found, onUnreadable) }
        }
      }
      return
    }
    guard Self.isPattern(part) else {
      let path = folder + String(decoding: part, as: UTF8.self)
      if !isLast { return try expand(path + "/", index + 1, &found, onUnreadable) }
      if let status = try FileStatus(path: path), !status.isDirectory { found.insert(path) }
      return
    }
    for name in try names(folder, onUnreadable) where Self.matches(Array(name.utf8), part) {
      let path = folder + name
      guard let status = try? FileStatus(path: path) else { continue }  // a dangling link, or gone meanwhile
      if isLast {
        if !status.isDirectory { found.insert(path) }
      } else if status.isDirectory {
        try expand(path + "/", index + 1, &found, onUnreadable)
      }
    }
  }

  /// Visits everything below a folder, links to folders as if they were empty.
  private func descend(_ folder: String, _ onUnreadable: (any Error) throws -> Void, _ visit: (String, Bool) throws -> Void) throws {
    for name in try names(folder, onUnreadable) where !name.hasPrefix(".") {
      let path = folder + name
      var raw = stat()
      guard lstat(path, &raw) == 0 else { continue }
      if FileStatus(raw).isDirectory {
        try visit(path, true)
        try descend(path + "/", onUnreadable, visit)
      } else if let status = try? FileStatus(path: path), !status.isDirectory {
        try visit(path, false)
      }
    }
  }

  private func names(_ folder: String, _ onUnreadable: (any Error) throws -> Void) throws -> [String] {
    do {
      return try Folder.names(folder.isEmpty ? "." : folder)
    } catch  where !error.isGone {
      try onUnreadable(error)
      return []
    } catch {
      return []
    }
  }
}

/// Listing folders.
enum Folder {
  /// The names in a folder, without `.` and `..`, in no particular order.
  static func names(_ path: String) throws(SystemError) -> [String] {
    guard let handle = opendir(path) else { throw SystemError("list", path) }
    defer { closedir(handle) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(handle) {
      // The name is a C array at the end of the entry, which may be shorter than its declared length.
      let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name)!
      let name = String(cString: (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self))
      if name != "." && name != ".." { names.append(name) }
      errno = 0
    }
    guard errno == 0 else { throw SystemError("list", path) }
    return names
  }
}
