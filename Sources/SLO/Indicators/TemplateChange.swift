/// A log template that is new or came at another rate: what capsules say about a service.
package struct TemplateChange: Sendable, Equatable {
  package var service: String
  package var fingerprint: String
  package var template: String
  package var severity: String
  package var count: Int
  /// Before; 0 when it is new.
  package var countBefore: Int
  /// Redacted.
  package var sample: String

  package init(
    service: String, fingerprint: String, template: String, severity: String, count: Int, countBefore: Int, sample: String
  ) {
    self.service = service
    self.fingerprint = fingerprint
    self.template = template
    self.severity = severity
    self.count = count
    self.countBefore = countBefore
    self.sample = sample
  }
}
