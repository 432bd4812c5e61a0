/// Says what kind a word is.
enum WordKinds {
  /// The piece that a word is.
  static func piece(_ word: ArraySlice<UInt8>, gap: TemplatePiece.Gap, isBeforeWord: Bool, _ pool: inout TextPool) -> TemplatePiece {
    if isFlag(word, isBeforeWord: isBeforeWord) { return .hole(.value, gap: gap) }
    if isQualified(word) { return .hole(.identifier, gap: gap) }
    return TemplatePiece(kind: kind(word), gap: gap, token: .value, text: pool.number(of: word))
  }

  /// Whether the word is a name of three parts or more (`com.acme.app`, `www.example.org`): such names are hardly ever part of the message
  /// itself. Classes (`java.io.IOException`) are.
  private static func isQualified(_ word: ArraySlice<UInt8>) -> Bool {
    var dots = 0
    var last = word.startIndex
    for i in word.indices where word[i] == UInt8(ascii: ".") {
      guard i > word.startIndex, i + 1 < word.endIndex, isPart(word[i - 1]), isPart(word[i + 1]) else { return false }
      dots += 1
      last = i + 1
    }
    guard dots >= 2 else { return false }
    let isClass = Bytes.isUpper(word[last]) && word[last...].contains { $0 >= 0x61 && $0 <= 0x7A }
    return !isClass
  }

  static func kind(_ word: ArraySlice<UInt8>) -> TemplatePiece.Kind {
    var letters = 0
    var isName = false
    for (i, byte) in zip(word.indices, word) {
      if Bytes.isAlpha(byte) || byte >= 0x80 {
        letters += 1
      } else if Bytes.isDigit(byte) {
        isName = true
      } else if i > word.startIndex, i + 1 < word.endIndex, isJoint(byte), isPart(word[i - 1]), isPart(word[i + 1]) {
        isName = true
      }
    }
    if letters == 0 { return isName ? .soft : .mark }
    return isName && !isCapitals(word) || isAccount(word) ? .soft : .hard
  }

  private static func isPart(_ byte: UInt8) -> Bool { Bytes.isAlnum(byte) || byte >= 0x80 }

  /// Whether the word is in capitals, as states and constants are.
  static func isCapitals(_ word: ArraySlice<UInt8>) -> Bool {
    word.count >= 2 && word.allSatisfy { Bytes.isUpper($0) || $0 == UInt8(ascii: "_") }
  }

  /// Whether the word looks like something done (`started`, `running`) rather than a thing.
  static func isVerb(_ word: ArraySlice<UInt8>) -> Bool {
    word.count >= 4 && (word.suffix(2).elementsEqual("ed".utf8) || word.suffix(3).elementsEqual("ing".utf8))
  }

  /// What joins the parts of a name.
  private static func isJoint(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "/"), UInt8(ascii: "\\"), UInt8(ascii: "@"), UInt8(ascii: "$"): true
    default: false
    }
  }

  /// `true` and `false`; `null` and `nil` unless the sentence goes on (`null pointer`).
  private static func isFlag(_ word: ArraySlice<UInt8>, isBeforeWord: Bool) -> Bool {
    switch word.count {
    case 3: !isBeforeWord && word.elementsEqual("nil".utf8)
    case 4: word.elementsEqual("true".utf8) || word.elementsEqual("True".utf8) || !isBeforeWord && word.elementsEqual("null".utf8)
    case 5: word.elementsEqual("false".utf8) || word.elementsEqual("False".utf8)
    default: false
    }
  }

  /// Names that systems give to accounts.
  private static let accounts: Set<String> = [
    "root", "admin", "administrator", "guest", "nobody", "daemon", "postgres", "mysql", "oracle", "ftp", "git", "www-data", "ubuntu",
    "nginx", "apache", "redis", "jenkins", "backup", "test", "nagios", "tomcat",
    "localhost",
  ]

  private static func isAccount(_ word: ArraySlice<UInt8>) -> Bool {
    word.count <= 13 && accounts.contains(String(decoding: word, as: UTF8.self))
  }

  /// Words that are followed by a name.
  private static let cues: Set<String> = [
    "user", "for", "from", "host", "hostname", "by", "named", "name", "service", "node", "domain", "device", "interface", "program",
    "process", "command", "file", "module", "class", "topic", "pod", "container", "type", "table", "database", "schema", "queue", "plugin",
    "driver", "unit", "job", "task", "partition", "cluster", "pool", "cache", "stage", "bucket", "volume", "image", "worker", "thread",
    "profile",
    "feature", "backend", "frontend", "upstream", "policy", "reservation", "subscription", "deployment", "instance", "zone", "region",
    "shard",
    "channel", "stream", "pipeline", "repository", "branch", "tenant", "customer", "project", "parameter", "member", "context", "executor",
    "group", "account", "role", "session", "client", "server", "application", "app", "package", "namespace", "key",
    "index", "event", "state", "action", "method", "function", "handler", "property", "field", "column", "bean", "username", "login",
  ]

  /// Whether a name is likely to follow the word, case aside, and so behind the last part of a joined one (`EventType`, `user_name`).
  static func isCue(_ word: ArraySlice<UInt8>) -> Bool {
    var start = word.endIndex
    while start > word.startIndex, Bytes.isAlpha(word[start - 1]) {
      start -= 1
      if Bytes.isUpper(word[start]), word.endIndex - start > 1, !Bytes.isUpper(word[start + 1]) { break }
    }
    let last = word[start...]
    guard last.count <= 12, last.count >= 2 else { return false }
    return cues.contains(String(decoding: last.map { Bytes.isUpper($0) ? $0 | 0x20 : $0 }, as: UTF8.self))
  }
}
