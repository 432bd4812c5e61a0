import Jobs
import SLO
import Testing

@Suite("the file of edits")
struct EditsFileTests {
  @Test("names, pins, merges and splits are read")
  func read() throws {
    let edits = try EditsFile.parse(
      """
      rename:
        travel-trips-left: Search for a train
      pin: [cancel]
      merge:
        - { into: a, journeys: [b, c, a] }
      split:
        - { journey: food, service: station, operation: /find, name: At the station }
      """, name: "journeys.yaml")
    #expect(edits.names == ["travel-trips-left": "Search for a train"])
    #expect(edits.pins == ["cancel"] && edits.merges == ["b": "a", "c": "a"])
    #expect(edits.splits == [.init(journey: "food", service: "station", operation: "/find", name: "At the station")])
    #expect(try EditsFile.parse("", name: "x") == JourneyEdits())
  }

  @Test(
    "what cannot be is refused with its place",
    arguments: [
      ("renam: {}", "did you mean \"rename\"?"), ("merge:\n- { into: a }", "\"journeys\" is missing"), ("pin: x", "expected a list"),
      ("split:\n- { journey: a, service: b, when: c }", "there is no \"when\" here"),
    ])
  func refused(text: String, message: String) {
    let error = #expect(throws: EditsFile.Failure.self) { try EditsFile.parse(text, name: "journeys.yaml") }
    #expect(error?.description.contains(message) == true, "\(error?.description ?? "")")
    #expect(error?.description.hasPrefix("journeys.yaml:") == true)
  }
}
