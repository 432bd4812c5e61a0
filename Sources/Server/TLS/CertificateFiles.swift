internal import Foundation
internal import Logging
internal import NIOSSL
internal import ServiceLifecycle
internal import Synchronization

/// The server's certificate and key, and the authorities that sign its clients', as files of PEM hold them. Read again when they change: connections
/// that stand keep what they have.
final class CertificateFiles: Service, Sendable {
  /// What tells two states of a file apart. Followed links count: secrets of clusters are swapped by one.
  private struct Stamp: Equatable {
    var file: String
    var inode: UInt64
    var size: Int64
    var changed: Date
  }

  private struct Files: Sendable {
    var certificate: String
    var key: String
    /// Nil asks clients for no certificate.
    var clientAuthorities: String?

    var stamps: [Stamp] { ([certificate, key, clientAuthorities] as [String?]).compactMap { $0.flatMap(CertificateFiles.stamp) } }
  }

  private struct Loaded: Sendable {
    var context: NIOSSLContext
    var stamps: [Stamp]
  }

  private let files: Files
  private let loaded: Mutex<Loaded>
  private static let logger = Logger(label: "sloscout.server.tls")
  /// Certificates are renewed days before their end: nobody waits for this.
  private static let interval: UInt64 = 2_000_000_000

  /// Reads them. Throws `TLSUnusable` when they cannot be, or do not belong together.
  ///
  /// - Parameter clientAuthorities: only clients with a certificate that one of these signed get a connection; nil asks for none.
  init(certificate: String, key: String, clientAuthorities: String?) throws {
    files = Files(certificate: certificate, key: key, clientAuthorities: clientAuthorities)
    loaded = Mutex(try Self.load(files))
  }

  /// What new connections are made with.
  var context: NIOSSLContext { loaded.withLock { $0.context } }

  /// Looks at the files until the server stops.
  func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        do { try await Task.sleep(nanoseconds: Self.interval) } catch { return }
        self.refresh()
      }
    }
  }

  /// Reads the files again if they have changed. What cannot be used, as a file that is half written, leaves things as they are.
  func refresh() {
    let stamps = files.stamps
    guard loaded.withLock({ $0.stamps != stamps }) else { return }
    do {
      let new = try Self.load(files)
      loaded.withLock { $0 = new }
      Self.logger.info("the certificate was read again from \(files.certificate)")
    } catch {
      // Once for each state of the files.
      loaded.withLock { $0.stamps = stamps }
      Self.logger.warning("the certificate stays as it was: \(error)")
    }
  }

  private static func load(_ files: Files) throws -> Loaded {
    // Before the files are read: a change in between is seen by the next look.
    let stamps = files.stamps
    let chain = try certificates(files.certificate)
    let secret: NIOSSLPrivateKey
    do { secret = try NIOSSLPrivateKey(file: files.key, format: .pem) } catch {
      throw TLSUnusable(file: files.key, "holds no private key in PEM", error)
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(secret))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    if let authorities = files.clientAuthorities {
      configuration.trustRoots = .certificates(try certificates(authorities))
      // A client comes from anywhere: its certificate names no host that could be compared.
      configuration.certificateVerification = .noHostnameVerification
    }
    do { return Loaded(context: try NIOSSLContext(configuration: configuration), stamps: stamps) } catch {
      throw TLSUnusable(file: files.certificate, "does not belong to the key in \(files.key)", error)
    }
  }

  private static func certificates(_ file: String) throws -> [NIOSSLCertificate] {
    do { return try NIOSSLCertificate.fromPEMFile(file) } catch { throw TLSUnusable(file: file, "holds no certificates in PEM", error) }
  }

  private static func stamp(_ path: String) -> Stamp? {
    let file = URL(filePath: path).resolvingSymlinksInPath().path(percentEncoded: false)
    guard let found = try? FileManager.default.attributesOfItem(atPath: file), let changed = found[.modificationDate] as? Date else {
      return nil
    }
    return Stamp(
      file: file, inode: (found[.systemFileNumber] as? NSNumber)?.uint64Value ?? 0, size: (found[.size] as? NSNumber)?.int64Value ?? 0,
      changed: changed)
  }
}

/// A certificate or a key that the server cannot use.
struct TLSUnusable: Error, CustomStringConvertible {
  let description: String

  init(file: String, _ what: String, _ error: any Error) { description = "\(file) \(what): \(error)" }
}
