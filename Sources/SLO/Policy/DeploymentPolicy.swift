/// What may be deployed at once without more people looking at it. Whatever cannot be judged is not deployed.
package struct DeploymentPolicy: Sendable, Equatable {
  package enum Mode: String, Sendable, CaseIterable {
    /// What violates the policy is refused.
    case block
    /// It is deployed, and the answer says what it violates.
    case warn
  }

  /// Why a document is no policy.
  package struct Failure: Error, Equatable, CustomStringConvertible {
    package var description: String
  }

  /// All that goes out in one step: the whole of it is judged, never a part.
  package struct Change: Sendable, Equatable {
    /// Services whose alerts, dashboards or runbooks change.
    package var services: Set<String>
    package var files: Int
    /// Paths of files that nobody approved.
    package var unapproved: [String]

    package init(services: Set<String>, files: Int, unapproved: [String]) {
      (self.services, self.files, self.unapproved) = (services, files, unapproved)
    }
  }

  /// An invariant that does not hold.
  package struct Violation: Sendable, Equatable {
    /// The member of the policy's document.
    package var invariant: String
    package var message: String
  }

  package var mode: Mode
  package var maxServices: Int
  package var maxFiles: Int
  package var requiresApproval: Bool

  /// Reads a document with exactly the members `mode`, `max_services`, `max_files` and `require_approval`.
  ///
  /// A member that is missing, of another type or not known is an error: a policy that was mistyped must not permit more than its author meant.
  package init(_ document: StructuredValue) throws(Failure) {
    let known = ["mode", "max_services", "max_files", "require_approval"]
    guard case .map(let members) = document else { throw Failure(description: "a policy is an object") }
    if let other = members.first(where: { !known.contains($0.key) }) {
      throw Failure(description: "a policy has no \"\(other.key)\"; it has \(known.joined(separator: ", "))")
    }
    func limit(_ key: String) throws(Failure) -> Int {
      guard case .int(let value)? = document[key], (0...100_000).contains(value) else {
        throw Failure(description: "\(key) must be a whole number from 0 to 100000")
      }
      return value
    }
    guard let mode = document["mode"]?.string.flatMap(Mode.init) else { throw Failure(description: "mode must be block or warn") }
    guard case .bool(let requiresApproval)? = document["require_approval"] else {
      throw Failure(description: "require_approval must be true or false")
    }
    self.mode = mode
    maxServices = try limit("max_services")
    maxFiles = try limit("max_files")
    self.requiresApproval = requiresApproval
  }

  /// What a change violates; nothing when it may go out.
  package func violations(of change: Change) -> [Violation] {
    var found: [Violation] = []
    if change.services.count > maxServices {
      found.append(
        Violation(invariant: "max_services", message: "the change touches \(change.services.count) services, \(maxServices) are allowed"))
    }
    if change.files > maxFiles {
      found.append(Violation(invariant: "max_files", message: "the change has \(change.files) files, \(maxFiles) are allowed"))
    }
    if requiresApproval, !change.unapproved.isEmpty {
      let shown = change.unapproved.sorted().prefix(3).joined(separator: ", ")
      found.append(
        Violation(invariant: "require_approval", message: "\(change.unapproved.count) files are not approved, among them \(shown)"))
    }
    return found
  }
}
