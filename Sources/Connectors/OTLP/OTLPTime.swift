internal import Dataflow

/// Points in time as OTLP writes them: nanoseconds since 1970, as a string or a number; zero is "not known".
enum OTLPTime {
  /// The number, nil where the member is absent or null.
  ///
  /// - Throws: the refusal when it is no whole number.
  static func nanoseconds(_ value: Int?, _ name: StaticString, _ text: OTLPText) throws(OTLPRefusal) -> Int64? {
    guard let value, !text.isNull(value) else { return nil }
    guard let number = text.integer(value) else { throw OTLPRefusal(reason: "wrong-type", detail: "\(name) expects nanoseconds") }
    return number
  }

  /// - Throws: the refusal when the time cannot be one at which something happened.
  static func check(_ time: Int64, _ name: StaticString, of id: ByteView) throws(OTLPRefusal) {
    guard TimePolicy.defaultPlausible.contains(time) else {
      throw OTLPRefusal(reason: "impossible-time", detail: "\(name) of record \(id.string) is \(time)")
    }
  }
}
