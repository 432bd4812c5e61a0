internal import Synchronization

/// Keeps the tenants of one receiver within their quota. Who is over it is told when to come again, and the others do not notice.
///
/// Two buckets a tenant, each filled with what ten seconds allow. A request passes when neither is empty, and may leave the one for bytes in debt: its
/// length need not be known before it is read.
package final class TenantGate: Sendable {
  private struct Bucket {
    let rate: Double
    var left: Double
    var filledAt: Int64

    init?(_ rate: Int?, _ now: Int64) {
      guard let rate else { return nil }
      (self.rate, left, filledAt) = (Double(rate), Double(rate) * TenantGate.seconds, now)
    }

    /// Seconds until something is left; 0 when there is.
    mutating func wait(_ now: Int64) -> Int {
      // A clock that is set back fills nothing.
      left = min(rate * TenantGate.seconds, left + rate * Double(max(0, now - filledAt)) / 1e9)
      filledAt = now
      return left > 0 ? 0 : max(1, Int((-left / rate).rounded(.up)))
    }
  }

  private struct Tenant {
    var requests: Bucket?
    var bytes: Bucket?
    var streams: Set<UInt64> = []
    var hour: Int64
    var seenAt: Int64
    var level: TenantLevel
  }

  private struct State {
    var tenants: [String: Tenant] = [:]
    var strangers = 0
  }

  private static let seconds = 10.0
  private static let hour: Int64 = 3_600_000_000_000

  let quota: TenantQuota
  private let source: String
  private let state = Mutex(State())

  /// - Parameter source: what the receiver is called in numbers.
  package init(_ quota: TenantQuota, source: String) {
    self.quota = quota
    self.source = source
    OpenTenants.add(self)
  }

  /// Lets a request in before its body is read.
  ///
  /// - Parameters:
  ///   - announced: bytes of the body, when they are known.
  ///   - now: nanoseconds since 1970.
  /// - Returns: the tenant's name, for `charge` and `note`.
  func enter(_ named: String?, announced: Int?, now: Int64) throws(PushRejection) -> String {
    let name = named ?? TenantQuota.anonymous
    guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw PushRejection(.badRequest, "the tenant's name in \(quota.header) has 1 to 64 visible characters")
    }
    let rejection: PushRejection? = state.withLock { state in
      guard var tenant = state.tenants[name] ?? room(for: name, &state, now) else {
        state.strangers += 1
        return PushRejection(.busy, "\(quota.maxTenants) tenants are known here, as many as may", retryAfter: 60)
      }
      defer { state.tenants[name] = tenant }
      tenant.seenAt = now
      if let rejection = tooLarge(announced ?? 0, &tenant) { return rejection }
      let wait = max(tenant.requests?.wait(now) ?? 0, tenant.bytes?.wait(now) ?? 0)
      if wait > 0 {
        tenant.level.refused[.rate, default: 0] += 1
        return PushRejection(.busy, "tenant \(name) sends more than it may: try again in \(wait) s", retryAfter: wait)
      }
      tenant.requests?.left -= 1
      return nil
    }
    if let rejection { throw rejection }
    return name
  }

  /// Takes the bytes of a body from what the tenant may send.
  func charge(_ name: String, _ bytes: Int) throws(PushRejection) {
    let rejection: PushRejection? = change(name) { tenant in
      tenant.bytes?.left -= Double(bytes)
      if let rejection = tooLarge(bytes, &tenant) { return rejection }
      tenant.level.requests += 1
      tenant.level.bytes += bytes
      return nil
    }
    if let rejection { throw rejection }
  }

  /// Takes note of the streams of a request, all or none.
  func note(_ name: String, _ streams: [UInt64], now: Int64) throws(PushRejection) {
    guard let limit = quota.maxStreams else { return }
    let rejection: PushRejection? = change(name) { tenant in
      if tenant.hour != now / Self.hour { (tenant.hour, tenant.streams) = (now / Self.hour, []) }
      let all = tenant.streams.union(streams)
      guard all.count <= limit else {
        tenant.level.refused[.streams, default: 0] += 1
        return PushRejection(.busy, "tenant \(name) has more than \(limit) different streams within the hour", retryAfter: 60)
      }
      tenant.streams = all
      tenant.level.streams = all.count
      return nil
    }
    if let rejection { throw rejection }
  }

  /// What each tenant did, by name; and how many requests came from tenants that had no room.
  package var levels: (tenants: [TenantLevel], strangers: Int) {
    state.withLock { state in (state.tenants.values.map(\.level).sorted { $0.tenant < $1.tenant }, state.strangers) }
  }

  private func change(_ name: String, _ body: (inout Tenant) -> PushRejection?) -> PushRejection? {
    state.withLock { state in
      // It may have been forgotten meanwhile: then it owes nothing.
      guard var tenant = state.tenants[name] else { return nil }
      defer { state.tenants[name] = tenant }
      return body(&tenant)
    }
  }

  private func tooLarge(_ bytes: Int, _ tenant: inout Tenant) -> PushRejection? {
    guard let limit = quota.maxRequestBytes, bytes > limit else { return nil }
    tenant.level.refused[.size, default: 0] += 1
    return PushRejection(.tooLarge, "the body is longer than the \(limit) bytes of this tenant: send smaller batches")
  }

  /// A new tenant, in the place of one that has been silent for an hour when all are taken.
  private func room(for name: String, _ state: inout State, _ now: Int64) -> Tenant? {
    if state.tenants.count >= quota.maxTenants {
      guard let oldest = state.tenants.min(by: { $0.value.seenAt < $1.value.seenAt }), now - oldest.value.seenAt > Self.hour else {
        return nil
      }
      state.tenants[oldest.key] = nil
    }
    return Tenant(
      requests: Bucket(quota.requestsPerSecond, now), bytes: Bucket(quota.bytesPerSecond, now), hour: now / Self.hour, seenAt: now,
      level: TenantLevel(source: source, tenant: name))
  }
}

/// What one tenant sent to one receiver since the process began.
package struct TenantLevel: Sendable, Equatable {
  /// Why a request was refused.
  package enum Reason: String, Sendable, CaseIterable {
    case rate
    case size
    case streams
  }

  package var source: String
  package var tenant: String
  /// Requests that were let in.
  package var requests = 0
  /// Bytes of their bodies, as they were sent.
  package var bytes = 0
  /// Different streams within the hour, where they are limited.
  package var streams = 0
  package var refused: [Reason: Int] = [:]

  package init(source: String, tenant: String) {
    self.source = source
    self.tenant = tenant
  }
}

/// The gates that this process has open. Process-wide for the reason that `OpenSpools` is.
package enum OpenTenants {
  private struct Entry {
    weak var gate: TenantGate?
  }
  private static let entries = Mutex<[Entry]>([])

  static func add(_ gate: TenantGate) {
    entries.withLock { entries in
      entries.removeAll { $0.gate == nil }
      entries.append(Entry(gate: gate))
    }
  }

  /// What all tenants did, and how many requests found no room. A source that was opened again counts as what it is now.
  package static var levels: (tenants: [TenantLevel], strangers: Int) {
    var tenants: [String: TenantLevel] = [:]
    var strangers = 0
    for gate in entries.withLock({ $0.compactMap(\.gate) }) {
      let levels = gate.levels
      for level in levels.tenants { tenants["\(level.source) \(level.tenant)"] = level }
      strangers += levels.strangers
    }
    return (tenants.sorted { $0.key < $1.key }.map(\.value), strangers)
  }
}
