internal import Dataflow
internal import Operators

/// Texts of records as people may see them: personal data is taken out, and what is long is cut. Owned by one caller.
package final class ShownText {
  private let redactor: TextRedactor
  /// Longer texts are cut, after they were redacted: half of an address is no address to the scanner. What is far behind the cut need not be read.
  private static let (textLimit, readLimit) = (2000, 16384)

  /// Throws `Diagnostic` when the rules of redaction cannot be made.
  package init() throws { redactor = TextRedactor(try RedactionOptions(Config())) }

  /// What may be shown of a text; a sentence instead of it when personal data cannot be taken out.
  package func shown(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
    guard let redacted = redactor.redact(UnsafeBufferPointer(rebasing: bytes.prefix(Self.readLimit))) else {
      return "not shown: personal data cannot be taken out of it"
    }
    return String(decoding: redacted.prefix(Self.textLimit), as: UTF8.self) + (redacted.count > Self.textLimit ? "…" : "")
  }
}
