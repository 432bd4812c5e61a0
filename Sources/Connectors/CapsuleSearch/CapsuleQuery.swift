/// What is looked for among capsules.
package struct CapsuleQuery: Sendable {
  /// In the asker's own words.
  package var text: String
  /// Only capsules of this service.
  package var service: String?
  /// Only capsules of this environment.
  package var environment: String?
  /// Only capsules that have records of this severity: `ERROR`.
  package var severity: String?
  /// Only capsules whose window ends after this time: RFC 3339, or what PostgreSQL takes for a time.
  package var from: String?
  /// Only capsules whose window begins before this time.
  package var to: String?
  /// How many results at most.
  package var limit = 10

  /// A question about all capsules.
  package init(_ text: String) { self.text = text }
}

/// The templates that fit a question best.
package struct CapsuleSearchResult: Sendable, Encodable {
  /// How they were found.
  package enum Method: String, Sendable, Encodable {
    /// By vectors and by words.
    case meaning
    /// By words alone: there is no model, or nothing is embedded yet.
    case words
  }

  /// One template with its capsules of all windows, services and environments that were asked for.
  package struct Hit: Sendable, Encodable {
    /// What hits are ordered by; comparable within one answer only.
    package var score: Float
    /// The cosine of the angle between question and template; nil when the template has no vector (yet).
    package var similarity: Float?
    /// The template's id.
    package var fingerprint: String
    /// The template.
    package var template: String
    /// Where it was seen.
    package var services: [String]
    /// Where it was seen.
    package var environments: [String]
    /// Records.
    package var count: Int
    /// Records by severity.
    package var severities: [String: Int]
    /// As PostgreSQL writes a time in UTC.
    package var firstSeen: String
    /// As PostgreSQL writes a time in UTC.
    package var lastSeen: String
    /// Up to three messages, redacted as they are stored.
    package var samples: [String]
  }

  /// How the hits were found.
  package var method: Method
  /// The model of the vectors; nil for `words`.
  package var model: String?
  /// Why only words counted, and what a person can do about it; nil for `meaning`.
  package var note: String?
  /// Templates that were looked at, after the filters.
  package var searched: Int
  /// Best first.
  package var hits: [Hit]

  /// An answer.
  package init(method: Method, model: String?, note: String?, searched: Int, hits: [Hit]) {
    (self.method, self.model, self.note, self.searched, self.hits) = (method, model, note, searched, hits)
  }
}
