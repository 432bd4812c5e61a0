internal import Glibc

/// What the program says: results on standard output, everything else on standard error.
enum Terminal {
  static let isInteractive = isatty(2) == 1

  static func error(_ text: String) { write(text + "\n", to: 2) }
  static func print(_ text: String) { write(text + "\n", to: 1) }
  /// Writes a whole document, which has its own last line end.
  static func output(_ text: String) { write(text, to: 1) }

  /// Replaces the line that was shown last; only on a terminal.
  static func status(_ text: String) {
    var size = winsize()
    let columns = ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 20 ? Int(size.ws_col) : 120
    write("\r\u{1B}[K" + String(text.prefix(columns - 1)), to: 2)
  }

  static func clearStatus() { if isInteractive { write("\r\u{1B}[K", to: 2) } }

  private static func write(_ text: String, to file: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
      if count < 0 && errno != EINTR { return }  // nobody reads any more: there is nobody to tell either
      bytes = bytes.dropFirst(max(0, count))
    }
  }
}

/// Exit codes: 0 done, 1 a job failed, 2 a job file is wrong, 3 something is missing on this machine, 75 it may succeed later,
/// 130 stopped at once.
enum Exit {
  static let failed: Int32 = 1
  static let wrongFile: Int32 = 2
  /// What was asked of workers is not there yet, or none lives that could do it: the same command may succeed later.
  static let awaited: Int32 = 75
  static let stoppedAtOnce: Int32 = 130
}
