/// Where a service runs in Kubernetes, as the resource of its spans says: what commands in runbooks are made of.
package struct Workload: Sendable, Equatable, Comparable {
  package enum Kind: String, Sendable, CaseIterable {
    case deployment
    case statefulset
    case daemonset
    case pod
  }

  package let namespace: String
  package let kind: Kind
  package let name: String

  /// Nil for what Kubernetes would not take as a name: such text must not become part of a command.
  package init?(namespace: String, kind: Kind, name: String) {
    guard Self.isName(namespace), Self.isName(name) else { return nil }
    (self.namespace, self.kind, self.name) = (namespace, kind, name)
  }

  private static func isName(_ text: String) -> Bool {
    guard let first = text.utf8.first, first != UInt8(ascii: "-"), text.utf8.count <= 253 else { return false }
    return text.utf8.allSatisfy { byte in
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
    }
  }

  package static func < (a: Workload, b: Workload) -> Bool {
    (a.kind.rank, a.namespace, a.name) < (b.kind.rank, b.namespace, b.name)
  }

  /// `deployment/cart`.
  private var reference: String { "\(kind.rawValue)/\(name)" }

  /// Shows whether it runs.
  var look: String { "kubectl -n \(namespace) get \(reference) -o wide" }
  /// Shows what it said in the last quarter of an hour.
  var logs: String { "kubectl -n \(namespace) logs \(reference) --since=15m --tail=200" }
  /// Starts its pods anew, one after the other; nil for what has no roll-out.
  var restart: String? { kind == .pod ? nil : "kubectl -n \(namespace) rollout restart \(reference)" }
  /// Goes back to the revision before; nil for what has none.
  var undo: String? { kind == .pod ? nil : "kubectl -n \(namespace) rollout undo \(reference)" }
}

extension Workload.Kind {
  /// What tells more about a service comes first.
  fileprivate var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
