import DataflowTesting
import Foundation
import Testing

/// What must hold of every input does not hold of this one.
struct FuzzFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Feeds a decoder with damaged inputs. A few thousand of the same ones in the ordinary test run; `scripts/fuzz.sh` goes on for minutes with others.
///
/// The case that runs is written to `.build/fuzz-case` before it does, so that one which ends the process is known.
struct Fuzz {
  private static let environment = ProcessInfo.processInfo.environment
  /// Memory that a decoder may take beyond what the process had. Inputs are a few kilobytes.
  private static let memoryLimit = 512 << 20

  /// As `--only` of `scripts/fuzz.sh` has it.
  let name: String
  let mutator: Mutator
  /// Inputs in the ordinary test run.
  var cases = 3_000

  init(_ name: String, seeds: [[UInt8]], tokens: [String] = [], cases: Int = 3_000) {
    self.name = name
    mutator = Mutator(seeds: seeds, tokens: tokens.map { Array($0.utf8) })
    self.cases = cases
  }

  init(_ name: String, texts: [String], tokens: [String] = [], cases: Int = 3_000) {
    self.init(name, seeds: texts.map { Array($0.utf8) }, tokens: tokens, cases: cases)
  }

  /// Calls `property` with every input, and numbers for whatever else it wants to vary. What it throws is a failure.
  func run(_ property: (_ input: [UInt8], inout SeededRandom) throws -> Void) throws {
    let before = try Self.memory("VmRSS")
    // A new high-water mark (proc(5)).
    try? Data("5".utf8).write(to: URL(filePath: "/proc/self/clear_refs"))
    if let (only, seed) = Self.onlyCase {
      if only == name { try check(seed, property) }
      return
    }
    if let only = Self.environment["SLOSCOUT_FUZZ_ONLY"], only != name { return }
    var seeds = SeededRandom(Self.firstSeed ^ name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
    let clock = ContinuousClock()
    let seconds = Self.environment["SLOSCOUT_FUZZ_SECONDS"].flatMap(Double.init)
    let end = seconds.map { clock.now + .seconds($0) }
    var done = 0
    while end.map({ clock.now < $0 }) ?? (done < cases) {
      for _ in 0..<50 { try check(seeds.next(), property) }
      done += 50
    }
    if seconds != nil { print("\(name): \(done) inputs, first seed \(Self.firstSeed)") }
    let grown = try Self.memory("VmHWM") - before
    #expect(grown < Self.memoryLimit, "\(name) took \(grown) bytes")
  }

  private func check(_ seed: UInt64, _ property: ([UInt8], inout SeededRandom) throws -> Void) throws {
    Self.log("\(name):\(seed)")
    var random = SeededRandom(seed)
    let input = mutator.input(&random)
    do { try property(input, &random) } catch {
      let base64 = Data(input.prefix(300)).base64EncodedString()
      throw FuzzFailure("scripts/fuzz.sh --case \(name):\(seed) repeats it: \(error); the input begins with \(base64) in base64")
    }
  }

  private static let firstSeed = environment["SLOSCOUT_FUZZ_SEED"].flatMap(UInt64.init) ?? 1

  private static let onlyCase: (name: String, seed: UInt64)? = {
    guard let parts = environment["SLOSCOUT_FUZZ_CASE"]?.split(separator: ":"), parts.count == 2, let seed = UInt64(parts[1]) else {
      return nil
    }
    return (String(parts[0]), seed)
  }()

  private static let file = open(".build/fuzz-case", O_WRONLY | O_CREAT, 0o644)

  /// Always of one length: each overwrites the one before.
  private static func log(_ text: String) {
    let line = Array(text.padding(toLength: 79, withPad: " ", startingAt: 0).utf8) + [0x0A]
    if file >= 0 { pwrite(file, line, line.count, 0) }
  }

  private static func memory(_ name: String) throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try #require(status.split(separator: "\n").first { $0.hasPrefix(name + ":") })
    return (Int(line.filter(\.isNumber)) ?? 0) << 10
  }
}
