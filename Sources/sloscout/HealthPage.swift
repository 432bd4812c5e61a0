internal import ArgumentParser
internal import Connectors
internal import Foundation
internal import Jobs

/// What a process that runs jobs answers about itself over HTTP.
enum HealthPage {
  /// Listens before the first record is read; nil when it was not asked for. Throws exit code 2 when the address cannot be had.
  ///
  /// - Parameter jobs: what runs here now; asked at every request.
  static func start(_ listen: String?, _ jobs: @escaping @Sendable () async -> [JobSnapshot]) async throws -> HealthServer? {
    guard let listen else { return nil }
    guard let address = ListenAddress(listen) else {
      Terminal.error("--listen \(listen) is not an address and a port, such as 127.0.0.1:8080")
      throw ExitCode(Exit.wrongFile)
    }
    let server = HealthServer(address) {
      HealthReport(
        await jobs(), spools: OpenSpools.levels, tenants: OpenTenants.levels, topics: await OpenTopics.shared.reach(),
        now: Int64(Date().timeIntervalSince1970 * 1e9), residentBytes: HealthServer.residentBytes, exposition: OpenExpositions.text)
    }
    server.start()
    while case .starting = server.state { try await Task.sleep(nanoseconds: 1_000_000) }
    if case .failed(let why) = server.state {
      Terminal.error("--listen: \(why)")
      throw ExitCode(Exit.wrongFile)
    }
    return server
  }
}
