internal import Glibc

/// What the process has used so far, by the operating system's account.
struct ProcessUsage {
  var cpuSeconds: Double
  var maxResidentBytes: Int

  static var now: ProcessUsage {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return ProcessUsage(cpuSeconds: seconds(usage.ru_utime) + seconds(usage.ru_stime), maxResidentBytes: usage.ru_maxrss * 1024)
  }
}
