internal import Glibc

/// An inverted index with BM25 scores (Robertson, Walker: "Okapi at TREC-3"; k1 1.2, b 0.4, because templates are short and of like length).
///
/// Documents are numbered from 0 in the order in which they are added. Memory: about 20 bytes a term of a document.
struct TermIndex {
  private var postings: [[UInt8]: [(document: Int32, count: Int32)]] = [:]
  private var lengths: [Float] = []
  private var total: Float = 0

  var count: Int { lengths.count }

  /// Adds a document. O(terms).
  mutating func add(_ terms: [[UInt8]]) {
    let document = Int32(lengths.count)
    let counts = Dictionary(terms.map { ($0, 1 as Int32) }, uniquingKeysWith: +)
    for (term, count) in counts { postings[term, default: []].append((document, count)) }
    lengths.append(Float(terms.count))
    total += Float(terms.count)
  }

  /// Scores of all documents for weighted terms. O(documents + postings of the terms).
  func scores(_ terms: [[UInt8]: Float]) -> [Float] {
    var scores = [Float](repeating: 0, count: lengths.count)
    guard total > 0 else { return scores }
    let average = total / Float(lengths.count)
    // In the order of the bytes: sums of the same numbers are then the same every time.
    for (term, weight) in terms.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      guard let found = postings[term] else { continue }
      let with = Float(found.count)
      let without: Float = Float(lengths.count) - with
      let rarity: Float = log(1 + (without + 0.5) / (with + 0.5))
      for (document, count) in found {
        let length: Float = 0.6 + 0.4 * lengths[Int(document)] / average
        let saturation: Float = Float(count) * 2.2 / (Float(count) + 1.2 * length)
        scores[Int(document)] += weight * rarity * saturation
      }
    }
    return scores
  }
}
