import Foundation

/// Forms that log lines have, some five hundred with personal data and as many without: the lines of the files in `Corpus`.
public enum PlantedCorpus {
  /// The files with personal data.
  public static let planted = ["contacts", "numbers", "network", "keys", "people", "various"]
  /// All files but the one of known gaps.
  public static let files = planted + ["clean"]

  /// The forms of one file: its lines, comments left out.
  public static func forms(_ file: String) throws -> [String] {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("Corpus")
    return try String(contentsOf: folder.appendingPathComponent("\(file).txt"), encoding: .utf8).split(separator: "\n").map(String.init)
      .filter { !$0.hasPrefix("# ") }
  }

  /// The form with the values of a seed, other values for other forms.
  public static func text(_ form: String, seed: UInt64) -> PlantedText {
    let hash = form.utf8.reduce(5381 as UInt64) { $0 &* 33 ^ UInt64($1) }
    var values = PlantedValues(seed: seed &* 7919 ^ hash)
    return PlantedText(form, &values)
  }
}
