/// The parts that the shop consists of.
public enum ShopService: UInt8, CaseIterable, Sendable {
  case frontend, catalog, cart, checkout, payments, shipping, accounts, search
}

/// How grave a line of the shop is. Ordered.
public enum ShopSeverity: UInt8, CaseIterable, Sendable, Comparable {
  case debug, info, warn, error, fatal

  /// By gravity.
  public static func < (a: ShopSeverity, b: ShopSeverity) -> Bool { a.rawValue < b.rawValue }

  /// As it stands in the lines: `WARN`.
  public var name: String { "\(text)" }

  var text: StaticString {
    switch self {
    case .debug: "DEBUG"
    case .info: "INFO"
    case .warn: "WARN"
    case .error: "ERROR"
    case .fatal: "FATAL"
    }
  }
}

/// How a line can be broken.
public enum ShopDefect: UInt8, CaseIterable, Sendable {
  /// The line ends in the middle.
  case truncated
  /// There is no `event_id`.
  case noEventID
  /// `timestamp` is a word.
  case wordyTimestamp
  /// There is no `timestamp`.
  case noTimestamp
  /// `message` is null.
  case nullMessage
  /// The line is not JSON at all.
  case notJSON
}

/// What is decided about a record before its text is written.
public struct ShopFacts: Equatable, Sendable {
  /// Who wrote it.
  public var service: ShopService
  /// How grave it is.
  public var severity: ShopSeverity
  /// Milliseconds since 1970.
  public var timestamp: Int64
  /// Nil for a line that is in order.
  public var defect: ShopDefect?
  /// Hours late. Also set for broken lines, which count as broken.
  public var isLate: Bool
  /// The message holds personal data.
  public var isPersonal: Bool
}

extension ShopService {
  var text: StaticString {
    switch self {
    case .frontend: "frontend"
    case .catalog: "catalog"
    case .cart: "cart"
    case .checkout: "checkout"
    case .payments: "payments"
    case .shipping: "shipping"
    case .accounts: "accounts"
    case .search: "search"
    }
  }

  /// As it stands in the lines: `payments`.
  public var name: String { "\(text)" }
}
