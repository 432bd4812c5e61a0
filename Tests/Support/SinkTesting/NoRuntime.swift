package import Dataflow

/// For components that must not ask for time, randomness or files: whatever they ask for traps.
package struct NoRuntime: Runtime {
  package init() {}
  package func now() -> Int64 { preconditionFailure("the component under test asked for the time") }
  package func monotonic() -> Int64 { preconditionFailure("the component under test asked for the time") }
  package func sleep(nanoseconds: Int64) async throws { preconditionFailure("the component under test slept") }
  package func random() -> UInt64 { preconditionFailure("the component under test asked for randomness") }
  package var slots: [any Slot] { [] }
  package func background(_ purpose: String) -> any Slot { preconditionFailure("the component under test asked for a thread") }
  package func block(nanoseconds: Int64) { preconditionFailure("the component under test slept") }
  package var files: any FileSystem { preconditionFailure("the component under test asked for files") }
}
