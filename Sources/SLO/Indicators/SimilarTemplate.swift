/// A log template that reads like what goes wrong in a journey, whichever service wrote it: a hint at causes that traces do not show.
package struct SimilarTemplate: Sendable, Equatable {
  package var service: String
  package var fingerprint: String
  package var template: String
  /// Records of it, and how many of them were errors.
  package var count: Int
  package var errors: Int
  /// Redacted.
  package var sample: String

  package init(service: String, fingerprint: String, template: String, count: Int, errors: Int, sample: String) {
    self.service = service
    self.fingerprint = fingerprint
    self.template = template
    self.count = count
    self.errors = errors
    self.sample = sample
  }
}
