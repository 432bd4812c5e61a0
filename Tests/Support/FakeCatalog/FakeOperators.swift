internal import Dataflow

extension FakeCatalog {
  static let operators: [OperatorType] = [
    OperatorType(
      Descriptor(
        type: "require", summary: "Refuses records with missing fields.",
        fields: [ConfigField("fields", .list(.string), required: true, example: "[event_id]", "Which.")])
    ) { config, schema in
      for name in config.strings("fields") ?? [] { _ = try field(name, "fields", config, schema) }
      return PlannedOperator(schema: schema) { throw CannotRun() }
    },
    OperatorType(
      Descriptor(
        type: "redact-pii", summary: "Removes personal data.",
        fields: [
          ConfigField("field", .string, required: true, example: "message", "Where."), ConfigField("patterns", .list(.string), "What."),
          ConfigField("salt", .string, secret: true, "Mixed into hashes."),
        ])
    ) { config, schema in
      _ = try field(config.string("field") ?? "", "field", config, schema)
      return PlannedOperator(schema: schema) { throw CannotRun() }
    },
    OperatorType(
      Descriptor(
        type: "fingerprint", summary: "Gives the template of a text and its hash.",
        fields: [
          ConfigField("field", .string, required: true, example: "message", "Where."),
          ConfigField("template", .string, default: "template", "What to call the template."),
          ConfigField("hash", .string, default: "fingerprint_hash", "What to call the hash."),
          ConfigField("algorithm", .choice(["sha256"]), default: "sha256", "How it is hashed."),
        ])
    ) { config, schema in
      _ = try field(config.string("field") ?? "", "field", config, schema)
      var schema = schema
      schema.append(config.string("template") ?? "", .bytes)
      schema.append(config.string("hash") ?? "", .bytes)
      return PlannedOperator(schema: schema) { throw CannotRun() }
    },
    OperatorType(
      Descriptor(
        type: "tumbling-window", summary: "Folds records of one key and time span into one.",
        fields: [
          ConfigField("size", .duration, required: true, example: "1h", "How long a window is."),
          ConfigField("allowedLateness", .duration, default: "0s", "How long late records still count."),
          ConfigField("keyBy", .list(.string), required: true, example: "[service]", "The key."),
          ConfigField("emit", .object([ConfigField("every", .duration, required: true, "How often.")]), "Shows results early."),
          ConfigField(
            "aggregate",
            .map(
              .object([
                ConfigField("type", .choice(["count", "sum", "distribution", "reservoir"]), required: true, "How."),
                ConfigField("field", .string, "Of what."), ConfigField("size", .integer(1...1_000), default: "10", "How many samples."),
                ConfigField("seed", .integer(0...Int64.max), default: "0", "For sampling."),
              ])), required: true, "What each window holds."),
        ])
    ) { config, schema in
      let keys = try (config.strings("keyBy") ?? []).map { try field($0, "keyBy", config, schema) }
      var result = Schema(keys.map { ($0.name, $0.type) } + [("window_start", .time), ("window_end", .time)])
      for (name, _) in config.map("aggregate") ?? [] { result.append(name, name == "count" ? .int64 : .bytes) }
      return PlannedOperator(schema: result, keyFields: keys, needsTime: true, hasLateOutput: true) { throw CannotRun() }
    },
    OperatorType(
      Descriptor(
        type: "deduplicate", summary: "Drops repeats.",
        fields: [
          ConfigField("key", .list(.string), required: true, "By what."), ConfigField("ttl", .duration, default: "1h", "For how long."),
        ])
    ) { config, schema in
      let keys = try (config.strings("key") ?? []).map { try field($0, "key", config, schema) }
      return PlannedOperator(schema: schema, keyFields: keys) { throw CannotRun() }
    },
    OperatorType(
      Descriptor(
        type: "batch", summary: "Groups records.",
        fields: [
          ConfigField("maxCount", .integer(1...10_000), default: "100", "How many."),
          ConfigField("maxWait", .duration, default: "1s", "How long."),
          ConfigField("maxSize", .byteCount, default: "1MiB", "How large."),
        ])
    ) { _, schema in PlannedOperator(schema: schema) { throw CannotRun() } },
    OperatorType(
      Descriptor(
        type: "embed", summary: "Turns text into vectors.",
        fields: [
          ConfigField("field", .string, required: true, "Which text."), ConfigField("into", .string, default: "embedding", "Where to."),
          ConfigField("dimensions", .integer(1...4096), default: "384", "How many numbers."),
          ConfigField("inFlight", .integer(1...64), default: "4", "Calls at once."),
          ConfigField("ordered", .bool, default: "true", "Keep the order."),
          ConfigField(
            "retry",
            .object([
              ConfigField("maxAttempts", .integer(1...100), default: "5", "How often."),
              ConfigField("initialDelay", .duration, default: "200ms", "First pause."),
              ConfigField("maxDelay", .duration, default: "10s", "Longest pause."),
            ]), default: "{}", "When a call fails."),
        ])
    ) { config, schema in
      guard config.object("connection")?.string("url") != nil else { throw CannotRun() }
      _ = try field(config.string("field") ?? "", "field", config, schema)
      var schema = schema
      schema.append(config.string("into") ?? "", .vector(config.int("dimensions") ?? 1))
      return PlannedOperator(schema: schema) { throw CannotRun() }
    },
    OperatorType(Descriptor(type: "broken", summary: "Cannot be planned.", fields: [])) { _, _ in throw CannotRun() },
  ]

  static func field(_ name: String, _ option: String, _ config: Config, _ schema: Schema) throws -> Field {
    guard let field = schema.field(name) else {
      let names = schema.fields.map(\.name)
      throw config.diagnostic(
        option, code: DiagnosticCode.unknownField.rawValue, "there is no field \"\(name)\" in the input",
        detail: "there are \(names.joined(separator: ", "))", hint: NearestName.hint(name, in: names))
    }
    return field
  }
}
