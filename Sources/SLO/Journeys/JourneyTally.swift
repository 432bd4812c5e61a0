/// What is counted of one step of one journey.
struct StepTally {
  var step: Int32
  var traces = 0
  var spans = 0
  var errors = 0
  var origins = 0
  var exclusive: Int64 = 0
  /// Sum over traces of when the step first began, from the root's start.
  var offsets: Int64 = 0
  var sketch = QuantileSketch()
  var lastTrace: Int32 = -1
}

/// What is counted of one call between two steps of a journey, given as indices into all tallies.
struct CallTally {
  var from: Int
  var to: Int
  var traces = 0
  var calls = 0
  var isDetached = false
  var lastTrace: Int32 = -1
}

/// What is counted of one journey.
struct JourneyTally {
  /// Set of services, as a hash, to how often it occurs.
  struct Variant {
    var services: [Int32]
    var traces: Int
  }

  var key: JourneyKey?
  var id = ""
  var name = ""
  var members: [Int] = []
  var attached: [Int] = []
  var steps: [Int] = []
  var calls: [Int] = []
  var minutes: [Int64: JourneyMinute] = [:]
  var duration = QuantileSketch()
  var variants: [UInt64: Variant] = [:]
  var rootDuration: Int64 = 0
  var incomplete = 0
  var skewed = 0
  var sampled = 0
  /// Steps that log errors in most traces.
  var habits: Set<Int32> = []
  var failed: [(trace: Int, spans: Int)] = []
}
