internal import Dataflow

/// A condition on one record, resolved against a schema. `Filter` compiles it to kernels, once per subtask.
///
/// Two-valued: a null meets only `isNull`, `notEquals` and `notIn`, so `not` of a condition is always its complement.
indirect enum Predicate: Sendable {
  case isNull(Field)
  case bytes(Field, BytesTest)
  case int64(Field, OrderTest<Int64>)
  case double(Field, OrderTest<Double>)
  case bool(Field, Bool)
  case all([Predicate])
  case any([Predicate])
  case not(Predicate)

  /// What a text is compared with. The order is that of the bytes.
  enum BytesTest: Sendable {
    case oneOf([[UInt8]])
    case atLeast([UInt8])
    case atMost([UInt8])
    case startsWith([UInt8])
    case contains([UInt8])
  }

  /// What a number or a time is compared with.
  enum OrderTest<Value: Comparable & Sendable>: Sendable {
    case oneOf([Value])
    case atLeast(Value)
    case atMost(Value)
  }

  /// Compiles the condition. The kernels own scratch memory, so each subtask compiles its own.
  func compile() -> PredicateKernel {
    switch self {
    case .isNull(let field): IsNullKernel(field)
    case .bytes(let field, let test):
      switch test {
      case .oneOf(let values): BytesOneOfKernel(field, values)
      case .atLeast(let value): BytesOrderKernel(field, value, keepsGreater: true)
      case .atMost(let value): BytesOrderKernel(field, value, keepsGreater: false)
      case .startsWith(let value): BytesPrefixKernel(field, value)
      case .contains(let value): BytesContainsKernel(field, value)
      }
    case .int64(let field, let test): Int64Kernel(field, test)
    case .double(let field, let test): DoubleKernel(field, test)
    case .bool(let field, let value): BoolKernel(field, value)
    case .all(let parts): AllKernel(parts.map { $0.compile() })
    case .any(let parts): AnyKernel(parts.map { $0.compile() })
    case .not(let part): NotKernel(part.compile())
    }
  }
}
