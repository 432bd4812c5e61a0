import Connectors
import Testing

@Suite("patterns of file names")
struct GlobTests {
  @Test(
    "a part of a pattern matches a name as in a shell",
    arguments: [
      ("a.log", "a.log", true), ("*.log", "a.log", true), ("*.log", "a.log.1", false), ("*.log*", "a.log.1", true),
      ("?.log", "a.log", true),
      ("?.log", "ab.log", false), ("*", ".hidden", false), (".*", ".hidden", true), ("*a*b*c", "xxaxxbxxbc", true),
      ("*a*b*c", "xxaxxbxx", false),
      ("**", "x", true), ("", "", true), ("*", "", true), ("?", "", false), ("a*", "a", true), ("[a]", "a", false), ("[a]", "[a]", true),
      ("*********************b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false),
    ])
  func matching(pattern: String, name: String, isMatch: Bool) {
    #expect(Glob.matches(Array(name.utf8), Array(pattern.utf8)) == isMatch)
  }

  @Test("patterns find files at any depth, links to files but not through links to folders, each once and sorted")
  func expansion() throws {
    let folder = TestFolder()
    for name in ["x", "x/y", "x/y/z", ".hidden"] { folder.makeFolder(name) }
    for name in ["a.log", "b.txt", "x/c.log", "x/y/d.log", "x/y/z/e.log", ".hidden/f.log", ".g.log"] { folder.write(name, "1") }
    folder.link("a.log", as: "x/link.log")
    folder.link("x", as: "x/y/loop")
    func found(_ pattern: String) throws -> [String] {
      try Glob(folder[pattern]).paths { throw $0 }.map { String($0.dropFirst(folder.path.utf8.count + 1)) }
    }
    #expect(try found("*.log") == ["a.log"])
    #expect(try found("**/*.log") == ["a.log", "x/c.log", "x/link.log", "x/y/d.log", "x/y/z/e.log"])
    #expect(try found("x/**/?.log") == ["x/c.log", "x/y/d.log", "x/y/z/e.log"])
    #expect(try found("x/**") == ["x/c.log", "x/link.log", "x/y/d.log", "x/y/z/e.log"])
    #expect(try found("*/*/d.log") == ["x/y/d.log"])
    #expect(try found("x/./y//d.log") == ["x/y/d.log"])
    #expect(try found(".g.log") == [".g.log"])
    #expect(try found("x") == [])
    #expect(try found("nothing/*") == [])
    #expect(try found("a.log/*") == [])
  }
}
