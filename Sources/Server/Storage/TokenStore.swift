internal import Postgres

/// What a caller may do; each includes the one before.
package enum Role: String, Sendable, Codable, Comparable, CaseIterable {
  case read
  case operate
  case admin

  package static func < (left: Role, right: Role) -> Bool {
    (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
  }
}

/// Who calls.
package struct Identity: Sendable, Equatable {
  package var name: String
  package var role: Role
}

/// Tokens that open the server. A token is 256 random bits, shown once; the database has its hash.
package struct TokenStore: Sendable {
  private let database: ServerDatabase

  package init(_ database: ServerDatabase) { self.database = database }

  /// Makes a token of that name, in place of an older one.
  ///
  /// - Returns: the token itself, which nobody can read again.
  package func create(_ name: String, _ role: Role, by actor: String) async throws -> String {
    var generator = SystemRandomNumberGenerator()
    let token = "slo_" + Digest.hex((0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) })
    try await adopt(token, name, role, by: actor)
    return token
  }

  /// Makes a token known that somebody else has made, in place of an older one of that name. Done again, it changes nothing.
  ///
  /// - Throws: when it has fewer than 32 characters, or is already known under another name.
  package func adopt(_ token: String, _ name: String, _ role: Role, by actor: String) async throws {
    guard token.utf8.count >= Self.fewestCharacters else { throw TokenTooShort(characters: token.utf8.count) }
    let hash = Self.hash(token)
    try await database.perform { client in
      try client.transaction {
        let changed = try client.query(
          """
          INSERT INTO sloscout_token (name, hash, role) VALUES ($1, $2, $3)
          ON CONFLICT (name) DO UPDATE SET hash = EXCLUDED.hash, role = EXCLUDED.role, created_at = now()
          WHERE (sloscout_token.hash, sloscout_token.role) IS DISTINCT FROM (EXCLUDED.hash, EXCLUDED.role)
          """, [name, hash, role.rawValue]
        ).affected
        guard changed > 0 else { return }
        try AuditLog.append(AuditEntry(actor: actor, action: "token.create", target: name, detail: role.rawValue), client)
      }
    }
  }

  /// With fewer somebody could guess it: it is hashed once only.
  private static let fewestCharacters = 32

  struct TokenTooShort: Error, CustomStringConvertible {
    var characters: Int
    var description: String { "the token has \(characters) characters; make one of at least \(TokenStore.fewestCharacters) at random" }
  }

  /// Takes a token back.
  ///
  /// - Returns: false when there is none of that name.
  package func revoke(_ name: String, by actor: String) async throws -> Bool {
    try await database.perform { client in
      try client.transaction {
        guard try client.query("DELETE FROM sloscout_token WHERE name = $1", [name]).affected > 0 else { return false }
        try AuditLog.append(AuditEntry(actor: actor, action: "token.revoke", target: name), client)
        return true
      }
    }
  }

  /// Whose token it is; nil when nobody's.
  func identity(_ token: String) async throws -> Identity? {
    let hash = Self.hash(token)
    return try await database.perform { client in
      guard let row = try client.query("SELECT name, role FROM sloscout_token WHERE hash = $1", [hash]).rows.first, let name = row[0],
        let role = row[1].flatMap(Role.init)
      else { return nil }
      return Identity(name: name, role: role)
    }
  }

  /// Whether anybody has a token.
  package func isEmpty() async throws -> Bool {
    try await database.perform { try $0.query("SELECT 1 FROM sloscout_token LIMIT 1").rows.isEmpty }
  }

  /// A random token needs no slow hash: there is nothing to guess.
  private static func hash(_ token: String) -> String { Digest.hex(token, key: "sloscout token") }
}
