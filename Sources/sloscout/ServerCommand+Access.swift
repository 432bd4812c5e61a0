internal import ArgumentParser
internal import Foundation
internal import Server

extension Role: ExpressibleByArgument {}

extension ServerCommand {
  /// Who may call the server.
  struct Token: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "token", abstract: "Makes and revokes tokens.", subcommands: [Create.self, Revoke.self])

    struct Create: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Makes a token, and prints it once.",
        discussion: """
          EXAMPLES
            sloscout server token create deploy --role operate
            sloscout server token create chart --role operate --from-variable SLOSCOUT_TOKEN     one that a secret holds already
          """)
      @OptionGroup var database: DatabaseOption
      @Argument(help: "Whose token it is; one of that name is replaced.") var name: String
      @Option(help: "read, operate (change jobs) or admin.") var role = Role.operate
      @Option(help: "Take the token that this environment variable holds, at least 32 characters, and print nothing.")
      var fromVariable: String?

      func run() async throws {
        let given = try fromVariable.map { variable in
          guard let token = ProcessInfo.processInfo.environment[variable], !token.isEmpty else {
            Terminal.error("--from-variable: $\(variable) is not set")
            throw ExitCode(Exit.wrongFile)
          }
          return token
        }
        let store = ServerDatabase(url: try database.url())
        try await store.migrate()
        guard let given else {
          Terminal.print(try await TokenStore(store).create(name, role, by: "command line"))
          return
        }
        do { try await TokenStore(store).adopt(given, name, role, by: "command line") } catch {
          Terminal.error("the token \"\(name)\" was not made: \(error)")
          throw ExitCode(Exit.failed)
        }
      }
    }

    struct Revoke: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "revoke", abstract: "Takes a token back; it works for at most five seconds more.")
      @OptionGroup var database: DatabaseOption
      @Argument(help: "Whose token.") var name: String

      func run() async throws {
        let store = ServerDatabase(url: try database.url())
        try await store.migrate()
        if try await !TokenStore(store).revoke(name, by: "command line") {
          Terminal.error("there is no token \"\(name)\"")
          throw ExitCode(Exit.failed)
        }
      }
    }
  }

  /// Who changed what.
  struct Audit: AsyncParsableCommand {
    static let configuration = CommandConfiguration(commandName: "audit", abstract: "Checks the audit log.", subcommands: [Verify.self])

    struct Verify: AsyncParsableCommand {
      static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Reads the whole chain; exit code 1 when a row was changed, removed or added.")
      @OptionGroup var database: DatabaseOption

      func run() async throws {
        let store = ServerDatabase(url: try database.url())
        try await store.migrate()
        let (rows, broken) = try await AuditLog(store).verify()
        if let broken {
          Terminal.error("the audit log is broken from row \(broken) of \(rows) on")
          throw ExitCode(Exit.failed)
        }
        Terminal.print("\(rows) rows, intact")
      }
    }
  }
}
