internal import Foundation
internal import Logging
internal import NIOSSL
internal import ServiceLifecycle
internal import Synchronization

/// The server's certificate and key, as two files of PEM hold them. Read again when they change: connections that stand keep what they have.
final class CertificateFiles: Service, Sendable {
  /// What tells two states of a file apart. Followed links count: secrets of clusters are swapped by one.
  private struct Stamp: Equatable {
    var file: String
    var inode: UInt64
    var size: Int64
    var changed: Date
  }

  private struct Loaded: Sendable {
    var context: NIOSSLContext
    var stamps: [Stamp]
  }

  private let certificate: String
  private let key: String
  private let loaded: Mutex<Loaded>
  private static let logger = Logger(label: "sloscout.server.tls")
  /// Certificates are renewed days before their end: nobody waits for this.
  private static let interval: UInt64 = 2_000_000_000

  /// Reads both. Throws `TLSUnusable` when they cannot be, or do not belong together.
  init(certificate: String, key: String) throws {
    self.certificate = certificate
    self.key = key
    loaded = Mutex(try Self.load(certificate, key))
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
    let stamps = [certificate, key].compactMap(Self.stamp)
    guard stamps.count == 2, loaded.withLock({ $0.stamps != stamps }) else { return }
    do {
      let new = try Self.load(certificate, key)
      loaded.withLock { $0 = new }
      Self.logger.info("the certificate was read again from \(certificate)")
    } catch {
      // Once for each state of the files.
      loaded.withLock { $0.stamps = stamps }
      Self.logger.warning("the certificate stays as it was: \(error)")
    }
  }

  private static func load(_ certificate: String, _ key: String) throws -> Loaded {
    // Before the files are read: a change in between is seen by the next look.
    let stamps = [certificate, key].compactMap(stamp)
    let chain: [NIOSSLCertificate]
    do { chain = try NIOSSLCertificate.fromPEMFile(certificate) } catch {
      throw TLSUnusable(file: certificate, "holds no certificates in PEM", error)
    }
    let secret: NIOSSLPrivateKey
    do { secret = try NIOSSLPrivateKey(file: key, format: .pem) } catch {
      throw TLSUnusable(file: key, "holds no private key in PEM", error)
    }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(secret))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    do { return Loaded(context: try NIOSSLContext(configuration: configuration), stamps: stamps) } catch {
      throw TLSUnusable(file: certificate, "does not belong to the key in \(key)", error)
    }
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
