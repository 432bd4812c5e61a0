internal import Connectors
internal import Dataflow

/// From one cut of a job to the next.
extension Worker {
  /// Nanoseconds before a cut that could not be made is tried again.
  private static let cutRest: Int64 = 3_000_000_000

  /// Nanoseconds before what former cuts have left is looked at again: when something failed, and when a savepoint needs it.
  private static let (cleaningRest, keepingRest): (Int64, Int64) = (600_000_000_000, 3_600_000_000_000)

  /// Has the shards that read the sources end with their last checkpoint. Those of later stages end when all that was sent to them has come.
  func drain() async {
    for (shard, run) in runs where shard.stage == 0 && !run.isDraining && !run.isStopping {
      guard let cut = seen.cuts[shard.job], cut.isDraining, cut.layout.version == shard.version else { continue }
      runs[shard]?.isDraining = true
      await run.session.runner.drain()
    }
  }

  /// Makes the next cut of every job whose shards are drained, unless another worker does.
  func makeCuts() {
    let now = runtime.monotonic()
    for (name, cut) in seen.cuts where cut.isDraining && cutting[name, default: 0] <= now {
      guard let job = jobs[name], seen.leases.allSatisfy({ $0.shard.job != name || $0.isFinished }) else { continue }
      cutting[name] = .max
      // It ends by itself; should the process end before, another worker begins it again.
      Task {
        do {
          if try await cutter.make(job, cut), let target = cut.target { notify(.cut(job: name, target)) }
          cutting[name] = 0
        } catch {
          notify(.cutFailed(job: name, "\(error)"))
          cutting[name] = runtime.monotonic() + Self.cutRest
        }
      }
    }
  }

  /// Removes what former cuts of every job have left, unless another worker does.
  func clean() {
    let now = runtime.monotonic()
    for (name, cuts) in seen.former {
      guard let job = jobs[name] else { continue }
      if let known = cleaning[name], known.until > now, known.cuts == cuts { continue }
      cleaning[name] = (cuts, .max)
      // It ends by itself; should the process end before, another worker goes on with it.
      Task {
        do {
          let kept = try await cutter.clean(job)
          if let kept { notify(.cleaned(job: name, kept: kept)) }
          cleaning[name] = (cuts, runtime.monotonic() + (kept?.isEmpty == true ? 0 : kept == nil ? Self.cutRest : Self.keepingRest))
        } catch {
          notify(.cleaningFailed(job: name, "\(error)"))
          cleaning[name] = (cuts, runtime.monotonic() + Self.cleaningRest)
        }
      }
    }
  }
}
