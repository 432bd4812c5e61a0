internal import Dataflow

/// One series of a remote-write request, as ranges of its bytes. Filled again for every series, so that its lists keep their memory.
struct RemoteWriteSeries {
  typealias Text = UnsafeRawBufferPointer

  struct Label {
    var name: Text
    var value: Text
  }

  struct Sample {
    var value: Double
    /// Milliseconds since 1970.
    var time: Int64
  }

  struct Exemplar {
    /// Its labels stand at these places of `exemplarLabels`.
    var labels: Range<Int>
    var sample: Sample
  }

  var labels: [Label] = []
  var samples: [Sample] = []
  var exemplars: [Exemplar] = []
  var exemplarLabels: [Label] = []
  var histograms: [RemoteWriteHistogram] = []
  /// What the series itself says about its family; only 2.0 has it.
  var metadata: (type: UInt64, help: Text, unit: Text)?
  /// Milliseconds since 1970; 0 when it is not known.
  var created: Int64 = 0

  mutating func removeAll() {
    labels.removeAll(keepingCapacity: true)
    samples.removeAll(keepingCapacity: true)
    exemplars.removeAll(keepingCapacity: true)
    exemplarLabels.removeAll(keepingCapacity: true)
    histograms.removeAll(keepingCapacity: true)
    metadata = nil
    created = 0
  }

  /// How many rows it becomes.
  var rows: Int { samples.isEmpty && histograms.isEmpty ? exemplars.count : samples.count + histograms.count }

  /// The value of `__name__`; nil when there is none.
  var name: Text? {
    for label in labels where label.name.elementsEqual("__name__".utf8) { return label.value }
    return nil
  }

  /// A hash of the labels, whatever their order.
  var labelsHash: UInt64 {
    labels.reduce(0) { sum, label in
      var hasher = KeyHasher()
      for text in [label.name, label.value] { hasher.combine(text.baseAddress?.assumingMemoryBound(to: UInt8.self), text.count) }
      return sum &+ hasher.finish().high
    }
  }

  /// Why the labels cannot name a series, or nil. Sorts them when the sender did not.
  mutating func fault() -> String? {
    if !zip(labels, labels.dropFirst()).allSatisfy({ Self.precedes($0.name, $1.name) }) {
      labels.sort { Self.precedes($0.name, $1.name) }
      for (one, other) in zip(labels, labels.dropFirst()) where !Self.precedes(one.name, other.name) {
        return "the label \"\(String(decoding: one.name, as: UTF8.self))\" occurs twice"
      }
    }
    for label in labels where label.name.isEmpty { return "a label has no name" }
    guard let name, !name.isEmpty else { return "the series has no __name__" }
    return nil
  }

  private static func precedes(_ one: Text, _ other: Text) -> Bool { one.lexicographicallyPrecedes(other) }
}
