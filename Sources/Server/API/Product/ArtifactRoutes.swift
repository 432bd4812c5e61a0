internal import Foundation
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore
internal import SLO

/// `/api/v1/artifacts` and `/api/v1/policy`: the files that analyses wrote, and their way to where they are used.
struct ArtifactRoutes: Sendable {
  let artifacts: ArtifactStore
  let policies: PolicyStore

  struct List: Codable, SnakeCased {
    var artifacts: [ArtifactView]
    var totalCount: Int
  }

  struct Deploy: RequestBody {
    var artifacts: [Int]
    var dryRun: Bool?
    static let limits = [
      "artifacts": Schema(value: [
        "type": "array", "minItems": 1, "maxItems": 1000, "items": ["type": "integer", "minimum": 1, "maximum": 1_000_000_000],
      ])
    ]
  }

  struct Deployment: Codable, SnakeCased {
    struct Violation: Codable, SnakeCased {
      var invariant: String
      var message: String
    }
    var deployed: Bool
    var policy: String
    /// Services that the change touches.
    var services: [String]
    var violations: [Violation]
    var artifacts: [ArtifactView]
  }

  /// What a file is, and what it was when it was deployed last.
  struct Preview: Codable, SnakeCased {
    var artifact: ArtifactView
    var content: String
    /// Absent when no file of that path was deployed.
    var deployedContent: String?
  }

  /// What a deployment is judged by.
  struct PolicyView: Codable, SnakeCased, RequestBody {
    var mode: String
    var maxServices: Int
    var maxFiles: Int
    var requireApproval: Bool
    static let limits = [
      "mode": Schema.choice(DeploymentPolicy.Mode.allCases.map(\.rawValue)), "max_services": Schema.integer(0...100_000),
      "max_files": Schema.integer(0...100_000),
    ]
  }

  private static let unknown = Route.Answer.problem(404, "ARTIFACT_NOT_FOUND")

  var routes: [Route] { reading + moving + policy }

  private var reading: [Route] {
    [
      Route(
        .get, "/api/v1/artifacts", "listArtifacts", "Files that analyses wrote, the newest of each path.", role: .read,
        parameters: [
          Parameter(name: "analysis", kind: .text(64), summary: "those of one analysis instead"),
          Parameter(name: "service_name", kind: .text(253), summary: "only those of this service"),
          Parameter(name: "state", kind: .choice(StoredArtifact.State.allCases.map(\.rawValue)), summary: "only those in this state"),
          .limit(1...1000, standard: 200), .offset, .ifNoneMatch,
        ], answers: [.json(200, List.self, "the files, by path", headers: ["ETag"])]
      ) { request, context in
        let filter = ArtifactStore.Filter(
          analysis: context.values["analysis"], service: context.values["service_name"], state: context.values["state"])
        let (found, total) = try await artifacts.list(filter, context.page)
        return try JSON.tagged(List(artifacts: found.map(ArtifactView.init), totalCount: total), request)
      },
      Route(
        .get, "/api/v1/artifacts/{number}", "getArtifact", "A file, and where it stands.", role: .read, parameters: [.ifNoneMatch],
        answers: [.json(200, ArtifactView.self, "the file", headers: ["ETag"]), Self.unknown]
      ) { request, context in
        let found = try await artifacts.find(try number(context))
        return try JSON.tagged(ArtifactView(found), request, revision: found.revision)
      },
      Route(
        .get, "/api/v1/artifacts/{number}/content", "getArtifactContent", "What is in a file.", role: .read,
        answers: [.text("*/*", "the content"), Self.unknown]
      ) { _, context in
        let found = try await artifacts.find(try number(context))
        return AnalysisRoutes.text(try await artifacts.content(found.id), AnalysisRoutes.type(found.path))
      },
      Route(
        .get, "/api/v1/artifacts/{number}/preview", "previewArtifact", "A file beside the one of that path that was deployed last.",
        role: .read,
        parameters: [.ifNoneMatch], answers: [.json(200, Preview.self, "both", headers: ["ETag"]), Self.unknown]
      ) { request, context in
        let found = try await artifacts.find(try number(context))
        return try JSON.tagged(
          Preview(
            artifact: ArtifactView(found), content: try await artifacts.content(found.id),
            deployedContent: try await artifacts.deployed(before: found)), request)
      },
    ]
  }

  private var moving: [Route] {
    func move(_ verb: String, from: Set<StoredArtifact.State>, to state: StoredArtifact.State, _ summary: String) -> Route {
      Route(
        .post, "/api/v1/artifacts/{number}/\(verb)", "\(verb)Artifact", summary, role: .operate, parameters: [.ifMatch],
        answers: [
          .json(200, ArtifactView.self, "the file after the change", headers: ["ETag"]), Self.unknown, .problem(409, "ARTIFACT_STATE"),
          .problem(412, "REVISION_CONFLICT"),
        ]
      ) { _, context in
        let id = try number(context)
        let found = try await artifacts.move(
          id, from: from, to: state, expected: try context.expectedRevision(),
          by: AuditEntry(actor: context.identity.name, action: "artifact.\(verb)", target: "\(id)"))
        var response = try JSON.response(ArtifactView(found))
        response.headers[.eTag] = "\"\(found.revision)\""
        return response
      }
    }
    return [
      move("approve", from: [.draft, .rejected], to: .approved, "Says that a file may be deployed."),
      move("reject", from: [.draft, .approved, .rolledBack], to: .rejected, "Says that a file may not be deployed."),
      move("rollback", from: [.deployed], to: .rolledBack, "Takes a deployed file back."),
      Route(
        .post, "/api/v1/artifacts/deploy", "deployArtifacts",
        "Deploys files as one change, if the policy lets them. Without a readable policy nothing is.",
        role: .operate, body: .json(Deploy.self),
        answers: [
          .json(200, Deployment.self, "what was done, or would be"), Self.unknown, .problem(409, "ARTIFACT_STATE"),
          .problem(403, "POLICY_VIOLATED", "FORBIDDEN", "HOST_NOT_LOCAL", "ORIGIN_NOT_ALLOWED"),
          .problem(503, "POLICY_UNREADABLE", "STORE_UNAVAILABLE"),
        ]
      ) { request, context in
        let wanted = try await context.decode(Deploy.self, request)
        guard (1...1000).contains(wanted.artifacts.count), wanted.artifacts.allSatisfy({ (1...1_000_000_000).contains($0) }) else {
          throw Problem(422, "REQUEST_INVALID", "artifacts are 1 to 1000 ids", hint: #"{"artifacts": [1, 2], "dry_run": true}"#)
        }
        let isDryRun = wanted.dryRun ?? false
        let done = try await artifacts.deploy(wanted.artifacts, isDryRun: isDryRun, by: context.identity.name)
        guard done.isDone || isDryRun else {
          throw Problem(
            403, "POLICY_VIOLATED", "the policy \"\(done.policy)\" does not let this change out",
            done.violations.map { "\($0.invariant): \($0.message)" }.joined(separator: "; "),
            hint: "deploy fewer files at once, or have them approved")
        }
        return try JSON.response(
          Deployment(
            deployed: done.isDone, policy: done.policy, services: done.services,
            violations: done.violations.map { .init(invariant: $0.invariant, message: $0.message) },
            artifacts: done.artifacts.map(ArtifactView.init)))
      },
    ]
  }

  private var policy: [Route] {
    [
      Route(
        .get, "/api/v1/policy", "getPolicy", "What deployments are judged by.", role: .read, parameters: [.ifNoneMatch],
        answers: [.json(200, PolicyView.self, "the policy", headers: ["ETag"]), .problem(404, "POLICY_NOT_FOUND")]
      ) { request, _ in
        let (document, revision) = try await policies.read()
        return try answer(document, revision, request)
      },
      Route(
        .put, "/api/v1/policy", "putPolicy", "Replaces what deployments are judged by.", role: .admin, parameters: [.ifMatch],
        body: .json(PolicyView.self),
        answers: [
          .json(200, PolicyView.self, "the policy after the change", headers: ["ETag"]), .problem(412, "REVISION_CONFLICT"),
          .problem(422, "POLICY_INVALID", "PARAMETER_INVALID"),
        ]
      ) { request, context in
        let text = String(decoding: try await context.body(request).readableBytesView, as: UTF8.self)
        let (document, revision) = try await policies.write(text, expected: try context.expectedRevision(), by: context.identity.name)
        return try answer(document, revision, request)
      },
    ]
  }

  private func answer(_ document: String, _ revision: Int, _ request: Request) throws -> Response {
    let policy: DeploymentPolicy
    do { policy = try DeploymentPolicy(try JSONReader.read(Array(document.utf8))) } catch {
      throw PolicyStore.unreadable("\(error)")
    }
    return try JSON.tagged(
      PolicyView(
        mode: policy.mode.rawValue, maxServices: policy.maxServices, maxFiles: policy.maxFiles, requireApproval: policy.requiresApproval),
      request, revision: revision)
  }

  private func number(_ context: ServerContext) throws -> Int {
    guard let number = Int(context.capture("number")), (1...1_000_000_000).contains(number) else { throw NotStored(kind: "artifact") }
    return number
  }
}

/// A file as clients see it.
struct ArtifactView: Codable, SnakeCased {
  var id: Int
  var analysis: String
  var path: String
  var kind: StoredArtifact.Kind
  var service: String
  var state: StoredArtifact.State
  var decidedBy: String?
  var decidedAt: String?
  var revision: Int

  init(_ stored: StoredArtifact) {
    (id, analysis, path, kind, service) = (stored.id, stored.analysis, stored.path, stored.kind, stored.service)
    (state, decidedBy, decidedAt, revision) = (stored.state, stored.decidedBy, stored.decidedAt, stored.revision)
  }
}
