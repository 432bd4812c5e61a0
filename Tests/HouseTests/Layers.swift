/// Who may import whom: the table of docs/architecture.md, as a test reads it.
enum Layers {
  struct Layer {
    /// The target's folder.
    let folder: String
    /// Targets of this package.
    let ours: Set<String>
    /// Modules from elsewhere; those in `everywhere` need no entry.
    let others: Set<String>

    init(_ folder: String, ours: Set<String> = [], others: Set<String> = []) {
      self.folder = "Sources/\(folder)/"
      self.ours = ours
      self.others = others
    }
  }

  /// The language's own modules, that any target may use.
  static let everywhere: Set<String> = ["Swift", "Glibc", "Synchronization"]

  static let all = [
    // Swift clothes over C: each the only importer of its C module.
    Layer("Bindings/Zstd", ours: ["CZstd"]),
    Layer("Bindings/Gzip", ours: ["CZlib"]),
    Layer("Bindings/Postgres", ours: ["CLibPQ"]),
    Layer("Bindings/RE2", ours: ["CRE2"]),
    Layer("Bindings/HMAC", ours: ["CLibCrypto"]),
    Layer("Bindings/HTTP", ours: ["CCurl"], others: ["Dispatch"]),
    Layer("Bindings/Avro", ours: ["CAvro"]),
    Layer("Bindings/Snappy", ours: ["CSnappy"]),
    Layer("Bindings/Kafka", ours: ["CRDKafka"]),
    Layer("Bindings/OpenVINO", ours: ["COpenVINO"]),
    // Texts, words and vectors: pure values and functions.
    Layer("Search", ours: ["CScan", "CVectors"]),
    // The engine: knows no system, no YAML, no SLO, no Foundation.
    Layer("Dataflow", ours: ["CScan", "Zstd"], others: ["Logging"]),
    Layer("DataflowTesting", ours: ["Dataflow"]),
    // Operators know records, connectors know systems, and neither the other.
    Layer("Operators", ours: ["Dataflow", "CScan", "RE2", "HMAC"]),
    Layer(
      "Connectors",
      ours: ["Dataflow", "CScan", "HMAC", "Postgres", "Gzip", "Zstd", "HTTP", "Avro", "Snappy", "Kafka", "OpenVINO", "Search"],
      others: [
        "Logging", "Foundation", "Dispatch", "HTTPTypes", "Hummingbird", "HummingbirdCore", "NIOCore", "NIOHPACK", "NIOHTTP2", "NIOPosix",
        "ServiceLifecycle",
      ]),
    // Pure values and functions: knows no engine, no system and no file.
    Layer("SLO"),
    // The only place with YAML.
    Layer("Jobs", ours: ["Dataflow", "Operators", "Connectors", "SLO"], others: ["Yams", "Foundation"]),
    Layer(
      "Server", ours: ["Jobs", "Connectors", "Dataflow", "HMAC", "HTTP", "Postgres", "SLO"],
      others: [
        "Dispatch", "Foundation", "HTTPTypes", "Hummingbird", "HummingbirdCore", "Logging", "NIOCore", "NIOPosix", "NIOSSL",
        "ServiceLifecycle",
      ]),
    Layer("Benchmarks", ours: ["Dataflow", "Operators", "Connectors", "Jobs", "Kafka", "Search"], others: ["Dispatch", "Foundation"]),
    Layer(
      "sloscout", ours: ["Dataflow", "Operators", "Connectors", "Jobs", "Benchmarks", "HTTP", "Search", "Server", "SLO"],
      others: ["ArgumentParser", "Foundation"]),
  ]

  /// Modules of C code and the folder that may import each; CScan is for the targets that list it.
  static let bindings = [
    "CZstd": "Sources/Bindings/Zstd/", "CZlib": "Sources/Bindings/Gzip/", "CLibPQ": "Sources/Bindings/Postgres/",
    "CRE2": "Sources/Bindings/RE2/", "CLibCrypto": "Sources/Bindings/HMAC/",
    "CAvro": "Sources/Bindings/Avro/", "CCurl": "Sources/Bindings/HTTP/", "CSnappy": "Sources/Bindings/Snappy/",
    "CRDKafka": "Sources/Bindings/Kafka/", "COpenVINO": "Sources/Bindings/OpenVINO/",
  ]

  /// The modules that a file imports, with the line's number.
  static func imports(_ text: String) -> [(line: Int, module: String)] {
    text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap { index, line in
      var words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })[...]
      let modifiers: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
      while let word = words.first, word.hasPrefix("@") || modifiers.contains(word) { words.removeFirst() }
      guard words.popFirst() == "import" else { return nil }
      let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
      if let word = words.first, kinds.contains(word) { words.removeFirst() }
      guard let name = words.first?.split(whereSeparator: { $0 == "." || $0 == ";" }).first else { return nil }
      return (index + 1, String(name))
    }
  }

  /// What is wrong with the imports of one file, one line each: `file:line: …`. Files outside of `Sources` may import all but C modules.
  static func breaches(path: String, text: String) -> [String] {
    let layer = all.first { path.hasPrefix($0.folder) }
    let targets = Set(all.map { $0.folder.split(separator: "/").last.map(String.init) ?? "" }).union(bindings.keys).union(["CScan"])
    return imports(text).compactMap { line, module in
      if let home = bindings[module], !path.hasPrefix(home) { return "\(path):\(line): only \(home) may import \(module)" }
      guard path.hasPrefix("Sources/"), !everywhere.contains(module) else { return nil }
      guard let layer else { return "\(path):\(line): its target is in no layer; give it one in docs/architecture.md and in Layers.swift" }
      if layer.ours.contains(module) || layer.others.contains(module) { return nil }
      let allowed = layer.ours.union(layer.others).sorted().joined(separator: ", ")
      let kind = targets.contains(module) ? "" : "the library "
      return "\(path):\(line): \(layer.folder) must not import \(kind)\(module); it may import \(allowed.isEmpty ? "nothing" : allowed)"
    }
  }
}
