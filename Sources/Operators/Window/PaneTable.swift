internal import Dataflow

/// The panes that records fall into, and the rows of their keys: what windows keep, and what is combined before it travels to them.
final class PaneTable {
  private let paneSize: Int64
  let layout: WindowLayout
  private(set) var panes: [Int64: Pane] = [:]

  /// The rows of a batch that fall into one pane.
  private struct Group {
    let pane: Pane
    let rows: UnsafeMutablePointer<UInt16>
    var count = 0
  }

  // Reused from batch to batch. Raw memory: a class's stored arrays are checked for exclusive access at every touch, here at every record.
  private var groups: [Group] = []
  private let slots = UnsafeMutablePointer<UnsafeMutableRawPointer>.allocate(capacity: RecordBatch.capacity)

  init(paneSize: Int64, _ layout: WindowLayout) {
    self.paneSize = paneSize
    self.layout = layout
  }

  deinit {
    forgetGroups()
    slots.deallocate()
  }

  /// Takes the alive rows of a batch in, whose keys are hashed. Rows of panes that are closed are left, and appended to `left` in order.
  ///
  /// - Parameters:
  ///   - isClosed: whether the pane that starts there takes no records.
  ///   - changed: called for each pane that took records, with their number.
  /// - Complexity: O(aggregates) a record.
  func add(_ batch: RecordBatch, left: inout [Int], isClosed: (Int64) -> Bool, changed: (Pane, Int) -> Void) {
    group(batch, &left, isClosed)
    for group in groups where group.count > 0 {
      let rows = UnsafeBufferPointer(start: group.rows, count: group.count)
      resolve(group.pane, batch, rows)
      for (function, offset) in zip(layout.functions, layout.offsets) { function.add(batch, rows, slots, offset, group.pane.log) }
      changed(group.pane, group.count)
    }
  }

  /// Sorts the alive rows into the panes of their times.
  private func group(_ batch: RecordBatch, _ left: inout [Int], _ isClosed: (Int64) -> Bool) {
    // Panes that the last batches did not touch need not be looked at again; at most a handful stay.
    if groups.count > 8 { forgetGroups() }
    for i in groups.indices { groups[i].count = 0 }
    let (times, selection) = (batch.times, batch.selection)
    var current = -1
    var currentStart = Int64.min
    var currentEnd = Int64.min
    // The current group's rows and how many they are, kept out of the array while the pane stays the same.
    var rows = selection
    var count = 0
    for i in 0..<batch.selectedCount {
      let row = selection[i]
      let time = times[Int(row)]
      if time < currentStart || time >= currentEnd || current < 0 {
        if current >= 0 { groups[current].count = count }
        let start = time.flooredQuotient(paneSize) * paneSize
        if isClosed(start) {
          left.append(Int(row))
          current = -1
          continue
        }
        current = group(ofPane: start)
        (rows, count) = (groups[current].rows, groups[current].count)
        currentStart = start
        currentEnd = start + paneSize
      }
      rows[count] = row
      count += 1
    }
    if current >= 0 { groups[current].count = count }
  }

  private func group(ofPane start: Int64) -> Int {
    if let known = groups.firstIndex(where: { $0.pane.start == start }) { return known }
    groups.append(Group(pane: pane(start), rows: .allocate(capacity: RecordBatch.capacity)))
    return groups.count - 1
  }

  private func forgetGroups(where isOver: (Pane) -> Bool = { _ in true }) {
    groups.removeAll { group in
      guard isOver(group.pane) else { return false }
      group.rows.deallocate()
      return true
    }
  }

  /// The pane that starts there, made when there is none.
  func pane(_ start: Int64) -> Pane {
    if let pane = panes[start] { return pane }
    let pane = Pane(start: start, payload: layout.payload)
    panes[start] = pane
    return pane
  }

  /// Drops panes.
  func removeAll(where isOver: (Int64) -> Bool) {
    for (start, pane) in panes where isOver(start) {
      panes[start] = nil
      forgetGroups { $0 === pane }
    }
  }

  /// Finds or makes the row of every record. Rows move when a segment splits, so a pass that moved some is repeated: then all keys are there.
  private func resolve(_ pane: Pane, _ batch: RecordBatch, _ rows: UnsafeBufferPointer<UInt16>) {
    let (table, slots, keys) = (pane.table, slots, batch.keys)
    while true {
      let version = table.layoutVersion
      for i in rows.indices {
        let row = Int(rows[i])
        var inserted = false
        let slot = table.slot(keys[row], inserted: &inserted)
        if inserted { layout.initialize(slot, batch, row, pane.log) }
        slot.storeBytes(of: 1, toByteOffset: WindowLayout.changed, as: UInt32.self)
        slots[i] = slot
      }
      if table.layoutVersion == version { return }
    }
  }

  /// Takes in what was combined elsewhere of one key, which is a row of the batch.
  func merge(_ batch: RecordBatch, row: Int, _ summary: inout ByteReader, into pane: Pane) throws {
    var inserted = false
    let slot = pane.table.slot(batch.keys[row], inserted: &inserted)
    if inserted { layout.initialize(slot, batch, row, pane.log) }
    slot.storeBytes(of: 1, toByteOffset: WindowLayout.changed, as: UInt32.self)
    for (function, offset) in zip(layout.functions, layout.offsets) { try function.merge(slot + offset, pane.log, encoded: &summary) }
  }
}
