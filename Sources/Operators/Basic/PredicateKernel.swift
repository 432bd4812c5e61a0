internal import Dataflow

/// A compiled condition: one virtual call per batch, then a loop over a column.
class PredicateKernel {
  /// Keeps of `rows[0..<count]` those that meet the condition, at the front and in their order. Returns how many.
  func keep(_ batch: RecordBatch, _ rows: UnsafeMutablePointer<UInt16>, _ count: Int) -> Int {
    preconditionFailure("every kernel says how it keeps rows")
  }
}

/// Row indices that a kernel sets aside while a part of it works on a copy.
final class RowScratch {
  let rows = UnsafeMutablePointer<UInt16>.allocate(capacity: RecordBatch.capacity)
  deinit { rows.deallocate() }
}

/// Compacts `rows` by a test that the optimizer inlines into the loop. Branch-free: the row is always written, the cursor moves if it stays.
@inline(__always)
func compact(_ rows: UnsafeMutablePointer<UInt16>, _ count: Int, _ keeps: (Int) -> Bool) -> Int {
  var kept = 0
  for i in 0..<count {
    let row = rows[i]
    rows[kept] = row
    kept += keeps(Int(row)) ? 1 : 0
  }
  return kept
}

/// Each part sees only what the parts before it kept.
final class AllKernel: PredicateKernel {
  private let parts: [PredicateKernel]
  init(_ parts: [PredicateKernel]) { self.parts = parts }

  override func keep(_ batch: RecordBatch, _ rows: UnsafeMutablePointer<UInt16>, _ count: Int) -> Int {
    var count = count
    for part in parts where count > 0 { count = part.keep(batch, rows, count) }
    return count
  }
}

/// Each part sees only what the parts before it left; the kept rows are marked and collected in order at the end.
final class AnyKernel: PredicateKernel {
  private let parts: [PredicateKernel]
  private let rest = RowScratch()
  private let trial = RowScratch()
  private let marks = UnsafeMutablePointer<UInt8>.allocate(capacity: RecordBatch.capacity)

  init(_ parts: [PredicateKernel]) { self.parts = parts }
  deinit { marks.deallocate() }

  override func keep(_ batch: RecordBatch, _ rows: UnsafeMutablePointer<UInt16>, _ count: Int) -> Int {
    let (rest, trial, marks) = (rest.rows, trial.rows, marks)
    for i in 0..<count { marks[Int(rows[i])] = 0 }
    rest.update(from: rows, count: count)
    var left = count
    for part in parts where left > 0 {
      trial.update(from: rest, count: left)
      let met = part.keep(batch, trial, left)
      for i in 0..<met { marks[Int(trial[i])] = 1 }
      left = compact(rest, left) { marks[$0] == 0 }
    }
    return compact(rows, count) { marks[$0] != 0 }
  }
}

/// Keeps what its part does not.
final class NotKernel: PredicateKernel {
  private let part: PredicateKernel
  private let trial = RowScratch()

  init(_ part: PredicateKernel) { self.part = part }

  override func keep(_ batch: RecordBatch, _ rows: UnsafeMutablePointer<UInt16>, _ count: Int) -> Int {
    let trial = trial.rows
    trial.update(from: rows, count: count)
    let met = part.keep(batch, trial, count)
    // Both lists are ascending sublists of the same rows, so one walk finds the difference.
    var kept = 0
    var next = 0
    for i in 0..<count {
      let row = rows[i]
      if next < met, trial[next] == row {
        next += 1
      } else {
        rows[kept] = row
        kept += 1
      }
    }
    return kept
  }
}

final class IsNullKernel: PredicateKernel {
  private let field: Field
  init(_ field: Field) { self.field = field }

  override func keep(_ batch: RecordBatch, _ rows: UnsafeMutablePointer<UInt16>, _ count: Int) -> Int {
    switch field.type {
    case .bytes, .vector:
      let views = batch.bytes(field)
      return compact(rows, count) { views[$0].isNull }
    case .int64, .double, .bool, .time:
      let nulls = batch.nulls(field)
      return compact(rows, count) { nulls[$0] != 0 }
    }
  }
}
