/// A span, in 64 bytes: all names are numbers of the store's tables.
package struct SpanRow: Sendable, Equatable {
  package var id: UInt64
  /// 0 where there is none.
  package var parent: UInt64
  /// Nanoseconds since 1970; `end` is never before `start`.
  package var start: Int64
  package var end: Int64
  /// The number of its trace.
  package var trace: Int32
  /// The number of its (service, operation).
  package var step: Int32
  /// What its protocol calls the operation (`GET /orders/{id}`), among `names`; 0 where nothing says so.
  package var declared: Int32
  /// Among `environments`; 0 where nothing says so.
  package var environment: Int32
  /// How many requests it stands for, when only some were kept: 1 where nothing says so.
  package var weight: Float
  package var kind: SpanKind
  package var outcome: SpanOutcome
  /// Bits of `SpanRecord.Flag`.
  package var flags: UInt8
  /// Who is called, where no span may tell; among `names`, 0 where nothing says so.
  package var peer: Int32

  package init(
    id: UInt64, parent: UInt64 = 0, start: Int64, end: Int64, trace: Int32, step: Int32, declared: Int32 = 0, environment: Int32 = 0,
    weight: Float = 1, kind: SpanKind = .unspecified, outcome: SpanOutcome = .unknown, flags: UInt8 = 0,
    peer: Int32 = 0
  ) {
    self.id = id
    self.parent = parent
    self.start = start
    self.end = max(start, end)
    self.trace = trace
    self.step = step
    self.declared = declared
    self.environment = environment
    self.weight = weight
    self.kind = kind
    self.outcome = outcome
    self.flags = flags
    self.peer = peer
  }

  package var duration: Int64 { end - start }
}

/// The side of an operation that a span describes; the numbers are those of OTLP.
package enum SpanKind: UInt8, Sendable, Equatable, CaseIterable {
  case unspecified, `internal`, server, client, producer, consumer

  /// As span metrics write it.
  package var metricLabel: String {
    switch self {
    case .unspecified: "SPAN_KIND_UNSPECIFIED"
    case .internal: "SPAN_KIND_INTERNAL"
    case .server: "SPAN_KIND_SERVER"
    case .client: "SPAN_KIND_CLIENT"
    case .producer: "SPAN_KIND_PRODUCER"
    case .consumer: "SPAN_KIND_CONSUMER"
    }
  }
}

/// The identity of a trace.
package struct TraceID: Sendable, Hashable, Comparable, CustomStringConvertible {
  package var high: UInt64
  package var low: UInt64

  package init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  package static func < (a: TraceID, b: TraceID) -> Bool { (a.high, a.low) < (b.high, b.low) }

  /// 32 hexadecimal digits.
  package var description: String { StableHash.hex(high) + StableHash.hex(low) }
}
