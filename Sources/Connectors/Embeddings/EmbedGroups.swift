internal import Dataflow

/// Puts texts of all batches together into groups, each of them one call: by count, by size, by time. Pure.
///
/// ```
/// add ──▶ open group ──full──▶ to whoever filled it      who opened a group waits, then takes it, unless somebody has filled it
///              └───── time ──▶ to whoever opened it
/// ```
struct EmbedGroups {
  typealias Wanted = (key: KeyHash, text: String)

  /// Texts of one call.
  struct Group: Sendable {
    let id: UInt64
    fileprivate(set) var wanted: [Wanted] = []
    fileprivate(set) var bytes = 0
  }

  /// Texts of one group, at most.
  let maxTexts: Int
  /// Bytes of the texts of one group, at most; a single text may have more.
  let maxBytes: Int
  private var open: Group?
  private var nextID: UInt64 = 0

  init(maxTexts: Int, maxBytes: Int) { (self.maxTexts, self.maxBytes) = (max(1, maxTexts), max(1, maxBytes)) }

  /// Adds texts.
  ///
  /// - Returns: groups that are full: the caller calls for them now. And the number of a group that this call opened and left open: the caller waits
  ///   and then takes it.
  mutating func add(_ wanted: [Wanted]) -> (full: [Group], opened: UInt64?) {
    var full: [Group] = []
    var opened: UInt64?
    for item in wanted {
      if let group = open, group.bytes + item.text.utf8.count > maxBytes { close(group, &full, &opened) }
      if open == nil {
        nextID += 1
        open = Group(id: nextID)
        opened = nextID
      }
      open?.wanted.append(item)
      open?.bytes += item.text.utf8.count
      if let group = open, group.wanted.count >= maxTexts || group.bytes >= maxBytes { close(group, &full, &opened) }
    }
    return (full, opened)
  }

  private mutating func close(_ group: Group, _ full: inout [Group], _ opened: inout UInt64?) {
    full.append(group)
    open = nil
    opened = nil
  }

  /// The group of that number, closed; nil when somebody filled it meanwhile.
  mutating func take(_ id: UInt64) -> Group? {
    guard let group = open, group.id == id else { return nil }
    open = nil
    return group
  }
}
