internal import HTTPTypes
internal import Hummingbird
internal import HummingbirdCore
internal import NIOCore

/// One request that a listener hands on: its head, and a body that is read when it is asked for.
package struct HTTPCall: Sendable {
  private let request: Request
  private let channel: any Channel
  private let limits: ListenerLimits
  private let budget: ByteBudget

  init(_ request: Request, _ channel: any Channel, _ limits: ListenerLimits, _ budget: ByteBudget) {
    self.request = request
    self.channel = channel
    self.limits = limits
    self.budget = budget
  }

  /// "POST", "GET", …
  package var method: String { request.method.rawValue }
  /// Without a query.
  package var path: String { request.uri.path }
  /// A header by its name, in any case; nil when there is none.
  package func header(_ name: String) -> String? { HTTPField.Name(name).flatMap { request.headers[$0] } }

  /// Reads the body, once.
  ///
  /// - Throws: `PushRejection` when it is too long, or when all bodies that are being read together are. A sender that is too slow is cut off, as
  ///   nobody listens to an answer while it sends.
  package func body() async throws -> [UInt8] {
    var bytes: [UInt8] = []
    if let length = request.headers[.contentLength].flatMap(Int.init) {
      guard length <= limits.bodyBytes else { throw tooLarge }
      // What is announced need not come.
      bytes.reserveCapacity(min(length, 1 << 20))
    }
    let (channel, seconds) = (channel, limits.bodySeconds)
    let deadline = channel.eventLoop.scheduleTask(in: .seconds(seconds)) { channel.close(promise: nil) }
    defer { deadline.cancel() }
    do {
      for try await part in request.body {
        guard bytes.count + part.readableBytes <= limits.bodyBytes else { throw tooLarge }
        guard budget.take(part.readableBytes) else {
          throw PushRejection(.busy, "\(budget.limit) bytes of requests are being read, as many as may: try again later")
        }
        bytes.append(contentsOf: part.readableBytesView)
      }
    } catch let error as PushRejection {
      budget.give(bytes.count)
      throw error
    } catch {
      budget.give(bytes.count)
      throw PushRejection(.tooSlow, "the body did not come within \(seconds) s, or broke off: \(error)")
    }
    return bytes
  }

  /// The bytes of a body that was read are no longer held.
  package func release(_ body: Int) { budget.give(body) }

  private var tooLarge: PushRejection {
    PushRejection(.tooLarge, "the body is longer than \(limits.bodyBytes) bytes: send smaller batches")
  }
}
