public import Dataflow

/// What a wanted field of a JSON document must hold. JSON's `null` is an absent value, whatever the type.
public enum JSONFieldType: String, Sendable, CaseIterable {
  /// A string, unescaped: a bytes column.
  case string
  /// A number that is a whole number within 64 bits, however it is written (`7`, `7.0`, `7e0`).
  case int
  /// A number that a `Double` can hold, rounded to the nearest.
  case double
  case bool
  /// Any value: its text as it stands in the document, a bytes column.
  case json

  /// The column that takes the values.
  public var columnType: ColumnType {
    switch self {
    case .string, .json: .bytes
    case .int: .int64
    case .double: .double
    case .bool: .bool
    }
  }
}

/// One wanted value: where it stands in a document, and its type.
public struct JSONField: Hashable, Sendable {
  /// The keys to follow from the outermost object; at least one.
  public var path: [String]
  /// What must stand there.
  public var type: JSONFieldType

  /// The value at the end of the path.
  public init(path: [String], type: JSONFieldType) {
    self.path = path
    self.type = type
  }
}

/// The values to take out of JSON documents: a tree of keys, so that one walk through a document finds them all.
///
/// Field *i* of the projection is field *i* of `fields`. Two fields may name the same path, and a path may lead through another field
/// (`a` as `json` beside `a.b`).
public struct JSONProjection: Sendable {
  /// The wanted values, in the order they were asked for.
  public let fields: [JSONField]
  /// The objects that paths lead through; the first is the document itself.
  let objects: [ObjectNode]

  struct ObjectNode {
    var children: [Child] = []
  }

  struct Child {
    var key: [UInt8]
    /// The fields that this key's value is for.
    var fields: [Int] = []
    /// Index of the object that paths go on through, or nil.
    var object: Int?
  }

  /// Joins the paths into a tree.
  ///
  /// - Precondition: every path has at least one key and fewer than 64.
  public init(_ fields: [JSONField]) {
    self.fields = fields
    var objects = [ObjectNode()]
    for (index, field) in fields.enumerated() {
      precondition(!field.path.isEmpty && field.path.count < 64, "a path has 1 to 63 keys")
      var node = 0
      for (level, name) in field.path.enumerated() {
        let key = Array(name.utf8)
        let child: Int
        if let known = objects[node].children.firstIndex(where: { $0.key == key }) {
          child = known
        } else {
          child = objects[node].children.count
          objects[node].children.append(Child(key: key))
        }
        if level == field.path.count - 1 {
          objects[node].children[child].fields.append(index)
        } else if let next = objects[node].children[child].object {
          node = next
        } else {
          objects.append(ObjectNode())
          objects[node].children[child].object = objects.count - 1
          node = objects.count - 1
        }
      }
    }
    self.objects = objects
  }

  /// The keys of a path as it is written in a job: `a.b` is key `b` inside `a`, `a\.b` is the one key `a.b`.
  ///
  /// Nil when there is no key at all, an empty one, or one too many (63).
  public static func path(_ text: String) -> [String]? {
    var keys: [String] = []
    var key = ""
    var isEscaped = false
    for character in text {
      if isEscaped {
        if character != "." && character != "\\" { key.append("\\") }
        key.append(character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == "." {
        keys.append(key)
        key = ""
      } else {
        key.append(character)
      }
    }
    if isEscaped { key.append("\\") }
    keys.append(key)
    return keys.contains("") || keys.count > 63 ? nil : keys
  }
}
