package import Dataflow

/// Topics by the options of a connection, for commands that look at them without a job.
package enum Topics {
  /// Whether a connection of this type has topics.
  package static func areOn(_ type: String) -> Bool { TopicConnections.types.contains(type) }

  /// The client for a connection's options. Throws `Diagnostic`.
  package static func client(_ connection: Config) throws -> any TopicClient { try TopicConnections.client(connection, for: Config()) }
}

/// From the options of a connection to the client of its kind, and what all kinds have in common.
enum TopicConnections {
  /// The kinds of Connection that a topic can be on.
  static let types = ["local", "kafka"]

  /// The client for a connection's options.
  ///
  /// - Throws: `Diagnostic` when there is no connection, or when it cannot be used.
  static func client(_ connection: Config?, for config: Config) throws -> any TopicClient {
    guard let connection else {
      throw config.diagnostic(
        "connection", code: "topic.no-connection", "a topic needs a connection",
        hint: "add a Connection document of type local or kafka and name it: connection: <name>")
    }
    // Its options say of which kind it is: each kind requires one that the other does not have.
    return connection["brokers"] == nil ? try LocalConnection.client(connection) : try KafkaConnection.client(connection)
  }

  /// The name, if it is one that every kind takes: letters, digits, dots, hyphens and underscores, at most 249.
  ///
  /// - Throws: `Diagnostic` at the option's place.
  static func checked(_ name: String, _ option: String, _ config: Config) throws -> String {
    guard isName(name) else {
      throw config.diagnostic(
        option, code: "topic.name", "\"\(name)\" cannot be the name of a topic",
        hint: "use up to 249 letters, digits, dots, hyphens and underscores")
    }
    return name
  }

  /// Whether every kind of topic takes the name.
  static func isName(_ name: some StringProtocol) -> Bool {
    let isPlain = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
      case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
      default: false
      }
    }
    return isPlain && (1...249).contains(name.utf8.count) && name != "." && name != ".."
  }
}
