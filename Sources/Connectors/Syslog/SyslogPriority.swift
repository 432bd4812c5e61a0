/// The number in front of a syslog message: facility times eight plus severity.
struct SyslogPriority {
  let number: Int

  /// What a message without one is given (RFC 3164, 4.3.3): user, notice.
  static let none = SyslogPriority(number: 13)

  var severity: StaticString { Self.severities[number & 7] }
  var facility: StaticString { Self.facilities[number >> 3] }

  private static let severities: [StaticString] = ["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"]
  private static let facilities: [StaticString] = [
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp", "audit", "alert", "clock",
    "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7",
  ]
  static let largest = severities.count * facilities.count - 1
}
