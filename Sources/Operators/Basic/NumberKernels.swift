internal import Dataflow

/// Compares an `int64` or `time` column.
final class Int64Kernel: PredicateKernel {
  private let field: Field
  private let test: Predicate.OrderTest<Int64>

  init(_ field: Field, _ test: Predicate.OrderTest<Int64>) {
    self.field = field
    self.test = test.sorted
  }

  override func keep(_ batch: RecordBatch, _ rows: UnsafeMutablePointer<UInt16>, _ count: Int) -> Int {
    test.keep(batch.int64s(field), batch.nulls(field), rows, count)
  }
}

/// Compares a `double` column. NaN meets nothing.
final class DoubleKernel: PredicateKernel {
  private let field: Field
  private let test: Predicate.OrderTest<Double>

  init(_ field: Field, _ test: Predicate.OrderTest<Double>) {
    self.field = field
    self.test = test.sorted
  }

  override func keep(_ batch: RecordBatch, _ rows: UnsafeMutablePointer<UInt16>, _ count: Int) -> Int {
    test.keep(batch.doubles(field), batch.nulls(field), rows, count)
  }
}

final class BoolKernel: PredicateKernel {
  private let field: Field
  private let value: Bool

  init(_ field: Field, _ value: Bool) {
    self.field = field
    self.value = value
  }

  override func keep(_ batch: RecordBatch, _ rows: UnsafeMutablePointer<UInt16>, _ count: Int) -> Int {
    let (values, nulls, value) = (batch.bools(field), batch.nulls(field), value)
    return compact(rows, count) { nulls[$0] == 0 && values[$0] == value }
  }
}

extension Predicate.OrderTest {
  /// Ready for binary search.
  fileprivate var sorted: Self {
    if case .oneOf(let values) = self { return .oneOf(values.sorted()) }
    return self
  }

  // Specialized for the two column types by the callers above.
  @inline(__always)
  fileprivate func keep(
    _ values: UnsafeMutablePointer<Value>, _ nulls: UnsafeMutablePointer<UInt8>, _ rows: UnsafeMutablePointer<UInt16>, _ count: Int
  ) -> Int {
    switch self {
    case .atLeast(let bound): compact(rows, count) { nulls[$0] == 0 && values[$0] >= bound }
    case .atMost(let bound): compact(rows, count) { nulls[$0] == 0 && values[$0] <= bound }
    case .oneOf(let wanted):
      wanted.withUnsafeBufferPointer { wanted in
        compact(rows, count) { nulls[$0] == 0 && Self.contains(wanted, values[$0]) }
      }
    }
  }

  @inline(__always)
  private static func contains(_ sorted: UnsafeBufferPointer<Value>, _ value: Value) -> Bool {
    var low = 0
    var high = sorted.count
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] < value { low = middle + 1 } else { high = middle }
    }
    return low < sorted.count && sorted[low] == value
  }
}
