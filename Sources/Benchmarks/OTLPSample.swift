internal import Connectors

/// A request as an instrumented service sends it: six attributes of the resource, six of each record.
struct OTLPSample {
  /// The request in protobuf.
  let request: [UInt8]

  init(signal: OTLPSignal, records: Int) {
    var writer = WireWriter()
    writer.append(1) { resource in
      resource.append(1) { attributes in
        for (key, value) in [
          ("service.name", "checkout"), ("service.version", "1.4.2"), ("deployment.environment.name", "prod"), ("host.name", "node-7"),
          ("k8s.pod.name", "checkout-5d7f9c"), ("telemetry.sdk.language", "java"),
        ] { Self.attribute(1, key, value, &attributes) }
      }
      resource.append(2) { scope in
        scope.append(1) {
          $0.append(1, "io.opentelemetry.http")
          $0.append(2, "2.1.0")
        }
        for number in 0..<records {
          scope.append(2) { record in
            switch signal {
            case .traces: Self.span(number, &record)
            case .logs: Self.log(number, &record)
            case .metrics: Self.metric(number, &record)
            }
          }
        }
      }
    }
    request = writer.bytes
  }

  private static let start: UInt64 = 1_767_225_600_000_000_000

  private static func attribute(_ field: Int, _ key: String, _ value: String, _ writer: inout WireWriter) {
    writer.append(field) {
      $0.append(1, key)
      $0.append(2) { $0.append(1, value) }
    }
  }

  private static func attributes(_ field: Int, _ number: Int, _ writer: inout WireWriter) {
    attribute(field, "http.request.method", "POST", &writer)
    attribute(field, "http.route", "/api/checkout/{order}", &writer)
    attribute(field, "url.path", "/api/checkout/\(number)", &writer)
    attribute(field, "server.address", "shop", &writer)
    for (key, value) in [("http.response.status_code", 200), ("server.port", 8080)] as [(String, UInt64)] {
      writer.append(field) {
        $0.append(1, key)
        $0.append(2) { $0.append(3, varint: value) }
      }
    }
  }

  private static func id(_ bytes: Int, _ number: Int) -> [UInt8] {
    (0..<bytes).map { UInt8(truncatingIfNeeded: (number &+ 1) &* 2_654_435_761 >> ($0 % 8 * 3) &+ $0) }
  }

  private static func span(_ number: Int, _ writer: inout WireWriter) {
    writer.append(1, id(16, number / 8))
    writer.append(2, id(8, number))
    writer.append(4, id(8, number &+ 1))
    writer.append(5, "POST /api/checkout/{order}")
    writer.append(6, varint: 2)
    writer.append(7, fixed64: start &+ UInt64(number) &* 1_000_000)
    writer.append(8, fixed64: start &+ UInt64(number) &* 1_000_000 &+ 12_345_678)
    attributes(9, number, &writer)
    writer.append(15) { $0.append(3, varint: 1) }
  }

  private static func log(_ number: Int, _ writer: inout WireWriter) {
    writer.append(1, fixed64: start &+ UInt64(number) &* 1_000_000)
    writer.append(2, varint: 9)
    writer.append(3, "INFO")
    writer.append(5) { $0.append(1, "Order \(number) was paid by card and goes to the warehouse of zone \(number % 7)") }
    attribute(6, "thread.name", "worker-\(number % 16)", &writer)
    attribute(6, "code.function.name", "shop.checkout.pay", &writer)
    writer.append(9, id(16, number / 8))
    writer.append(10, id(8, number))
    writer.append(11, fixed64: start &+ UInt64(number) &* 1_000_000)
  }

  private static func metric(_ number: Int, _ writer: inout WireWriter) {
    writer.append(1, "http.server.request.duration")
    writer.append(3, "s")
    writer.append(9) { histogram in
      histogram.append(1) { point in
        point.append(2, fixed64: start)
        point.append(3, fixed64: start &+ UInt64(number) &* 1_000_000)
        point.append(4, fixed64: 55)
        point.append(5, double: 12.5)
        point.append(6, (0..<11).flatMap { count in [UInt8(count)] + [UInt8](repeating: 0, count: 7) })
        point.append(7, (1...10).flatMap { edge in withUnsafeBytes(of: (Double(edge) / 4).bitPattern.littleEndian, Array.init) })
        attributes(9, number, &point)
      }
      histogram.append(2, varint: 2)
    }
  }
}
