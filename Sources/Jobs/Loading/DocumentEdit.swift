public import Dataflow

/// A change to a job document before it is checked: how command-line options replace a source, a sink or a setting without touching the file.
public struct DocumentEdit: Sendable {
  let apply: @Sendable (inout ConfigValue) -> Void

  /// Puts the value at the path of every job document, replacing what is there. `["spec", "parallelism"]`.
  public static func set(_ path: [String], _ value: ConfigValue) -> DocumentEdit {
    DocumentEdit { document in
      guard document["kind"]?.content == .string("Job") else { return }
      document.set(path[...], value)
    }
  }

  /// Takes the value at the path out of every job document; nothing happens where there is none.
  public static func remove(_ path: [String]) -> DocumentEdit {
    DocumentEdit { document in
      guard document["kind"]?.content == .string("Job") else { return }
      document.remove(path[...])
    }
  }

  /// Edits that depend on what the document says.
  static func derived(_ make: @escaping @Sendable (ConfigValue) -> [DocumentEdit]) -> DocumentEdit {
    DocumentEdit { document in for edit in make(document) { edit.apply(&document) } }
  }
}

extension ConfigValue {
  /// Text, as YAML would have it.
  public static func text(_ text: String) -> ConfigValue { ConfigValue(.string(text)) }

  /// A map in the order given.
  public static func map(_ entries: [(String, ConfigValue)]) -> ConfigValue {
    ConfigValue(.map(entries.map { Entry(key: $0.0, value: $0.1) }))
  }

  fileprivate mutating func remove(_ keys: ArraySlice<String>) {
    guard let key = keys.first, case .map(var entries) = content, let index = entries.firstIndex(where: { $0.key == key }) else { return }
    if keys.count == 1 { entries.remove(at: index) } else { entries[index].value.remove(keys.dropFirst()) }
    content = .map(entries)
  }

  fileprivate mutating func set(_ keys: ArraySlice<String>, _ value: ConfigValue) {
    guard let key = keys.first else {
      // The replaced value's place stays, so that a diagnostic about the new one still points somewhere.
      var value = value
      value.location = value.location ?? location
      value.path = path
      self = value
      return
    }
    var entries: [Entry] = if case .map(let existing) = content { existing } else { [] }
    let index = entries.firstIndex { $0.key == key } ?? entries.count
    if index == entries.count { entries.append(Entry(key: key, value: ConfigValue(.null, at: location))) }
    entries[index].value.path = path.isEmpty ? key : "\(path).\(key)"
    entries[index].value.set(keys.dropFirst(), value)
    content = .map(entries)
  }
}
