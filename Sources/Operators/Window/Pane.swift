internal import Dataflow

/// A slice of event time that windows are made of: its keys' rows, and the log with their variable-length values. Dropped as a whole.
final class Pane {
  let start: Int64
  let table: StateTable
  let log = ColdLog()

  init(start: Int64, payload: Int) {
    self.start = start
    table = StateTable(payload: payload)
  }
}
