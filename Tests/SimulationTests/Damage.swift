import DataflowTesting

/// A file of the checkpoint store that was changed while nobody looked, and what it was before.
struct Damage {
  let path: String
  let before: [UInt8]
  private let after: [UInt8]

  /// Flips a bit of a random file, or cuts it short. Nil when there is no file.
  static func inflict(on disk: SimulatedDisk, _ random: inout SeededRandom) -> Damage? {
    let files = disk.backup().filter { !$0.value.isEmpty }.sorted { $0.key < $1.key }
    guard let (path, before) = files.randomElement(using: &random) else { return nil }
    if random.chance(0.5) {
      disk.damage(path, bit: random.int(0...before.count * 8 - 1))
    } else {
      disk.damage(path, truncateTo: random.int(0...before.count - 1))
    }
    return Damage(path: path, before: before, after: disk.contents(path) ?? [])
  }

  /// Puts the file back, as from a copy. A damaged manifest may have been put aside, and another taken its place: then it stays so.
  func repair(_ disk: SimulatedDisk) {
    if disk.contents(path) == after { disk.putBack(path, before) }
  }

  /// Whether the same file stands whole in the other folder.
  func hasSecondCopy(_ disk: SimulatedDisk) -> Bool {
    let other = path.hasPrefix("/state/") ? "/copy/" + path.dropFirst(7) : "/state/" + path.dropFirst(6)
    return disk.contents(other) == before
  }
}
