import Foundation
import Server
import Testing

@Suite("which files submitted documents may read")
struct PathGuardTests {
  private let root = FileManager.default.temporaryDirectory.appendingPathComponent("paths-\(UUID().uuidString)").path

  private func withTree(_ body: (PathGuard) throws -> Void) throws {
    let files = FileManager.default
    for folder in ["/allowed/logs", "/allowed-not", "/other"] {
      try files.createDirectory(atPath: root + folder, withIntermediateDirectories: true)
    }
    try files.createSymbolicLink(atPath: root + "/allowed/out", withDestinationPath: root + "/other")
    try files.createSymbolicLink(atPath: root + "/alias", withDestinationPath: root + "/allowed")
    defer { try? files.removeItem(atPath: root) }
    try body(PathGuard(allowed: [root + "/allowed"]))
  }

  @Test("what lies below an allowed path may be read, there or not yet there, and by patterns")
  func inside() throws {
    try withTree { guarded in
      for path in ["/allowed", "/allowed/logs/a.log", "/allowed/logs/*.log", "/allowed/**/*.gz", "/allowed/new/deep/x", "/alias/logs/x"] {
        #expect(guarded.allows(root + path), "\(path)")
      }
    }
  }

  @Test("nothing else may, however it is written")
  func outside() throws {
    try withTree { guarded in
      for path in [
        "/other/x", "/allowed-not/x", "/allowed/../other/x", "/allowed/out/x", "/allowed/out/*.log", "/*/x", "/**", "",
        "/allowed/logs/../../other",
      ] { #expect(!guarded.allows(root + path), "\(path)") }
      for path in ["/etc/passwd", "etc", "", "*", "/", "../\(root)/allowed", root + "/allowed\0/x"] {
        #expect(!guarded.allows(path), "\(path)")
      }
    }
  }

  @Test("without an allowed path nothing may be read") func none() { #expect(!PathGuard().allows("/etc/hostname")) }
}
