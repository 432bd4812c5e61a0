internal import Jobs
internal import Logging

/// Keeps the server's jobs as files say: who mounts a folder of jobs need not submit them.
struct JobFolder: Sendable {
  /// Files, and folders with files that end in `.yaml` or `.yml`.
  let paths: [String]
  let supervisor: JobSupervisor
  private static let logger = Logger(label: "sloscout.server")
  /// Files are looked at that often: a config map takes longer to arrive.
  private static let interval: UInt64 = 2_000_000_000

  /// Follows the files until it is cancelled.
  func follow() async {
    guard !paths.isEmpty else { return }
    var refused: [String: String] = [:]
    while !Task.isCancelled {
      await look(&refused)
      do { try await Task.sleep(nanoseconds: Self.interval) } catch { return }
    }
  }

  /// One look. What was refused is not tried again before it is another document.
  private func look(_ refused: inout [String: String]) async {
    var (jobs, isWhole) = ([JobFileRules.FileJob](), true)
    for path in paths {
      let files = JobFiles(path, variables: supervisor.documents.variables)
      jobs += files.jobs
      guard let trouble = files.trouble else {
        refused[path] = nil
        continue
      }
      isWhole = false
      if refused[path] != trouble { Self.logger.error("not all jobs of \(path) can be read: \(trouble)") }
      refused[path] = trouble
    }
    var stored: [StoredJob] = []
    for job in await supervisor.all() { stored.append(await job.stored) }
    for step in JobFileRules.steps(jobs, stored: stored, origins: isWhole ? paths : [], refused: refused) {
      do {
        switch step {
        case .put(let job):
          _ = try await supervisor.put(
            job.name, job.document, state: nil, expected: nil, mustBeNew: false, losesState: false, origin: job.origin, by: job.origin)
          refused[job.name] = nil
        case .stop(let name, let origin):
          _ = try await supervisor.change(name, state: .suspended, parallelism: nil, expected: nil, action: "job.stop", by: origin)
        }
      } catch is StoreUnavailable {
        return
      } catch JobFault.conflict {
        continue
      } catch JobFault.shuttingDown {
        return
      } catch {
        guard case .put(let job) = step else { continue }
        refused[job.name] = job.document
        let problem = Problem.of(error)
        let why = [problem.title, problem.detail, problem.hint.map { "hint: \($0)" } ?? ""].filter { !$0.isEmpty }.joined(separator: "; ")
        Self.logger.error("\(job.name): the document of \(job.origin) is refused: \(why)")
        // Who looks at the job should know. A database that is away has been noticed elsewhere.
        if stored.contains(where: { $0.name == job.name }) {
          try? await supervisor.store.note(job.name, "refused", "\(job.origin): \(why)")
        }
      }
    }
  }
}

/// What files with jobs ask of the jobs that are stored. Pure.
package enum JobFileRules {
  /// A job of a file.
  package struct FileJob: Sendable, Equatable {
    var name: String
    /// The whole file: the connections stand in it too.
    var document: String
    /// The path that the server was given.
    var origin: String

    package init(name: String, document: String, origin: String) { (self.name, self.document, self.origin) = (name, document, origin) }
  }

  package enum Step: Sendable, Equatable {
    case put(FileJob)
    /// It came from there, and is there no more.
    case stop(String, origin: String)
  }

  /// - Parameters:
  ///   - origins: the paths of which every job is known. Jobs of others are never stopped.
  ///   - refused: documents that were refused already, by the job's name.
  package static func steps(_ jobs: [FileJob], stored: [StoredJob], origins: [String], refused: [String: String]) -> [Step] {
    let known = Dictionary(stored.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let named = Set(jobs.map(\.name))
    let puts = jobs.filter { job in
      refused[job.name] != job.document && (known[job.name].map { !isSame($0.document, job.document, job.name) } ?? true)
    }
    let gone = stored.filter { job in
      job.state == .running && !named.contains(job.name) && job.origin.map(origins.contains) == true
    }
    return puts.map(Step.put) + gone.sorted { $0.name < $1.name }.map { .stop($0.name, origin: $0.origin ?? "") }
  }

  /// Whether two documents say the same of a job: another comment, or another job in the same file, upgrades nothing.
  private static func isSame(_ one: String, _ other: String, _ job: String) -> Bool {
    if one == other { return true }
    guard let meaning = DocumentMeaning(one, job: job) else { return false }
    return meaning == DocumentMeaning(other, job: job)
  }
}
