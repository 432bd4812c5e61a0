/// A span as it stands in a request. Its attributes are asked for at the reader, while it is the present one.
package struct TelemetrySpan {
  /// The two halves of the trace's id; a span without one is refused.
  package var traceHigh: UInt64 = 0
  package var traceLow: UInt64 = 0
  package var id: UInt64 = 0
  /// 0 where there is none.
  package var parent: UInt64 = 0
  /// Nanoseconds since 1970; 0 where it is not known.
  package var start: Int64 = 0
  package var end: Int64 = 0
  /// The number of OTLP: 1 internal, 2 server, 3 client, 4 producer, 5 consumer; 0 where it says nothing.
  package var kind: UInt8 = 0
  /// The number of OTLP: 0 unset, 1 ok, 2 error.
  package var status: UInt8 = 0
  /// Valid during the call.
  package var name = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
  /// W3C trace state, as it is written. Valid during the call.
  package var traceState = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
}

/// What a span refers to in another trace, or in its own.
package struct TelemetryLink {
  package var traceHigh: UInt64
  package var traceLow: UInt64
  package var span: UInt64
}

/// A log record, as far as it can say that a request failed.
package struct TelemetryLog {
  /// 0 where the record belongs to no trace.
  package var traceHigh: UInt64 = 0
  package var traceLow: UInt64 = 0
  package var span: UInt64 = 0
  /// Nanoseconds since 1970.
  package var time: Int64 = 0
  /// Severity error or worse, by its number, its text, or the first word in capitals of its message.
  package var isError = false
  /// The message. Empty where the body is no text. Valid during the call.
  package var message = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
}
