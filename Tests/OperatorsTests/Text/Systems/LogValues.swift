/// Values as logs hold them.
enum LogValues {
  private static let users = words(
    "alice bob carol dave erin frank grace heidi ivan judy mallory niaj olivia peggy quentin rupert sybil trent ursula victor walter xavier yolanda zoe webadmin deploy svc-billing j.smith maria_k root admin backup test guest git"
  )
  private static let names = words(
    "atlas borealis cygnus draco eridanus fornax gemini hydra indus juno kepler lyra mensa norma orion pavo quasar rigel sirius taurus umbra vega wolf xenon"
  )
  private static let topics = words(
    "orders payments user.events audit-log inventory_updates clicks shipments refunds.dlq metrics-v2 sessions")
  private static let units = words(
    "nginx.service sshd.service cron.service docker.service postgresql@15-main.service user@1000.service logrotate.timer tmp.mount systemd-journald.service"
  )
  private static let hosts = words(
    "db.internal cache.prod.example.net mail.example.org edge-7.fra.example.com localhost api.partner.io ip-10-2-3-4.ec2.internal ns2.example.net"
  )
  private static let paths = words(
    "/var/log/app.log /etc/app/config.yaml /srv/data/2025/11 /home/alice/.ssh/authorized_keys /tmp/upload-81823 /usr/lib/libssl.so.3 /opt/app/bin/run /dev/sda1"
  )
  private static let classes = words(
    "com.acme.order.OrderService com.acme.pay.PaymentController io.acme.Cache$Entry org.acme.web.Filter com.acme.job.NightlyJob java.lang.IllegalStateException"
  )
  private static let files = words("report.csv index.html data-2025.json main.c worker.py schema.sql photo.jpeg archive.tar.gz")
  private static let routes = words(
    "/api/v1/orders /api/v1/users/81 /static/app.js /login /health /cart/checkout?id=7 /images/logo.png /search?q=shoes")
  private static let devices = words("eth0 eth1 sda sdb1 nvme0n1 wlan0 docker0 veth81f2a veth0c9d1")
  private static let things = words(
    "catalog billing checkout search profile mailer scheduler gateway inventory auth pricing reports notifications exporter indexer")
  private static let reasons = words("timeout refused reset unreachable overloaded expired")
  private static let states = words("STARTING RUNNING DRAINING STOPPED FAILED PENDING READY LEAVING")

  private static func words(_ text: String) -> [String] { text.split(separator: " ").map(String.init) }

  private static func hex(_ count: Int, _ random: inout SplitMix) -> String {
    String((0..<count).map { _ in Array("0123456789abcdef")[Int(random.next() % 16)] })
  }

  /// A value of the kind; the kind itself when there is none of that name.
  static func value(_ kind: String, _ random: inout SplitMix) -> String {
    func number(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }
    func one(_ words: [String]) -> String { words[number(0...words.count - 1)] }
    if kind.hasPrefix("=") { return String(kind.dropFirst()) }
    switch kind {
    case "hostport": return "\(one(hosts)):\(number(20...65_535))"
    case "partition": return "\(one(topics))-\(number(0...11))"
    case "member": return "\(one(things))-\(value("uuid", &random))"
    case "hostaddress": return "\(one(hosts))/\(value("endpoint", &random))"
    case "slaship": return "/" + value("ip", &random)
    case "slashendpoint": return "/" + value("endpoint", &random)
    case "piece": return "broadcast_\(number(0...200))_piece\(number(0...3))"
    case "rdd": return "rdd_\(number(0...90))_\(number(0...90))"
    case "sparkurl": return "rpc://Scheduler@" + value("endpoint", &random)
    case "hdfs": return "hdfs://\(one(hosts)):9000/logs/part-\(number(0...99)):\(number(0...9_999))+\(number(0...9_999))"
    case "table": return "\(one(things)).public.\(one(names))"
    case "tmp": return "base/pgsql_tmp/pgsql_tmp\(number(100...9_999)).\(number(0...9))"
    case "pkey": return one(things) + "_pkey"
    case "clock": return "0\(number(0...9)):\(number(10...59))"
    case "app": return one(things) + ".app"
    case "net": return one(["eth0", "eth1", "wlan0", "docker0", "veth81f2a", "veth0c9d1"])
    case "secs": return value("float", &random) + "s"
    case "failure": return "\(number(1...9))/FAILURE"
    case "segment": return hex(12, &random) + "+" + hex(6, &random)
    case "stamp": return "\(number(1_700_000_000...1_800_000_000)).\(number(100...999)):\(number(10...999))"
    case "kb": return "\(number(10...999_999))kB"
    case "bus": return "\(number(1...4))-\(number(1...9))"
    case "kks": return "\(number(10...999_999))K/\(number(10...999_999))K"
    case "kernel": return "6.\(number(1...9)).\(number(1...40))-amd64"
    case "podpath": return "default/" + value("pod", &random)
    case "cid": return "containerd://" + hex(64, &random)
    case "image": return "registry.example.com/\(one(things)):\(value("version", &random))"
    case "listen": return ":" + value("port", &random)
    case "email": return one(users) + "@example.com"
    case "query": return "select \(one(names))"
    case "steps": return (0..<5).map { _ in String(number(1...9_999)) }.joined(separator: "##")
    case "cpu": return "CPU\(number(0...7))"
    case "action": return "android.intent.action." + one(["SCREEN_ON", "SCREEN_OFF", "TIME_TICK"])
    case "session": return "0:\(value("clock", &random)).\(number(100...999))"
    case "queue": return hex(10, &random).uppercased()
    case "delays": return (0..<4).map { _ in "\(number(0...9)).\(number(10...99))" }.joined(separator: "/")
    case "timers": return (0..<5).map { _ in String(number(0...900)) }.joined(separator: "/")
    case "conns": return (0..<5).map { _ in String(number(0...90)) }.joined(separator: "/")
    case "frames":
      return (0..<number(1...4)).map { _ in
        "  File \"/app/\(one(names)).py\", line \(number(1...900)), in \(one(names))\n    \(one(names))()"
      }
      .joined(separator: "\n")
    case "rate": return "\(number(1...9))/60s"
    case "offset": return hex(40, &random) + ":" + value("int", &random)
    case "celery": return "app.tasks." + one(things)
    case "amqp": return "amqp://\(one(users)):**@\(value("hostport", &random))//"
    case "node": return "worker@" + one(names)
    case "backend": return "\(one(things))/srv\(number(1...9))"
    case "crate": return "v" + value("version", &random)
    case "ecode": return "E0\(number(100...999))"
    case "testname": return "\(one(names))::\(one(things))"
    case "step": return "\(number(1...9))/9"
    case "copies": return one(paths) + " " + one(paths)
    case "~kilobytes": return random.next() % 2 == 0 ? "" : " (\(number(1...99)).\(number(10...99)) KB)"
    case "lifetime": return random.next() % 2 == 0 ? "<1 sec" : value("clock", &random)
    case "ipslash": return value("ip", &random) + "/" + value("port", &random)
    case "mac": return (0..<6).map { _ in hex(2, &random) }.joined(separator: ":")
    case "package": return one(["com.acme.shop", "com.acme.mail", "org.example.player", "com.android.systemui"])
    case "component": return value("package", &random) + "/." + one(["MainActivity", "LoginActivity", "ui.DetailActivity"])
    case "locale": return one(["en_US", "de_DE", "zh_CN"])
    case "node2": return "nid\(number(10_000...19_999))"
    case "port2": return "c\(number(0...3))-\(number(0...3))c\(number(0...2))s\(number(0...15))"
    case "n": return String(number(0...9))
    case "int": return String(number(0...[9, 99, 9_999, 2_000_000_000][number(0...3)]))
    case "neg": return String(number(-99_999...99_999))
    case "float": return "\(number(0...900)).\(number(100...999))"
    case "pct": return "\(number(0...100))%"
    case "port": return String(number(1_024...65_535))
    case "status": return String([200, 201, 204, 301, 304, 400, 401, 403, 404, 429, 500, 502, 503][number(0...12)])
    case "ip": return "\(number(11...220)).\(number(0...255)).\(number(0...255)).\(number(1...254))"
    case "endpoint": return "10.\(number(0...255)).\(number(0...255)).\(number(1...254)):\(number(1_024...65_535))"
    case "hex": return hex(8, &random)
    case "hex16": return hex(16, &random)
    case "pointer": return "0x" + hex(12, &random)
    case "sha": return hex(64, &random)
    case "uuid": return "\(hex(8, &random))-\(hex(4, &random))-4\(hex(3, &random))-a\(hex(3, &random))-\(hex(12, &random))"
    case "id": return "\(one(["req", "ord", "job", "usr"]))-\(hex(6, &random))\(number(0...9))"
    case "pod": return "\(one(things))-\(hex(9, &random))7-x\(number(2...9))k\(number(2...9))z"
    case "ms": return "\(number(1...9_999))ms"
    case "duration":
      return ["\(number(1...59)).\(number(0...999))s", "\(number(1...9))m\(number(1...59))s", "\(number(2...900))ms"][number(0...2)]
    case "size": return ["\(number(1...999))KB", "\(number(1...99)).\(number(1...9))MB", "\(number(1...9))GB"][number(0...2)]
    case "time": return "2025-11-\(number(10...28))T0\(number(0...9)):\(number(10...59)):\(number(10...59)).\(number(100...999))Z"
    case "user": return one(users)
    case "name": return one(names)
    case "topic": return one(topics)
    case "unit": return one(units)
    case "host": return one(hosts)
    case "path": return one(paths)
    case "class": return one(classes)
    case "file": return one(files)
    case "route": return one(routes)
    case "device": return one(devices)
    case "thing": return one(things)
    case "reason": return one(reasons)
    case "state": return one(states)
    case "bool": return one(["true", "false"])
    case "agent": return one(["Mozilla/5.0 (X11; Linux x86_64)", "curl/8.4.0", "kube-probe/1.29", "Go-http-client/2.0"])
    case "url": return "https://\(one(hosts))\(one(routes))"
    case "stack":
      return (0..<number(1...5)).map { _ in "\tat \(one(classes)).run(\(one(names)).java:\(number(1...900)))" }.joined(separator: "\n")
    case "ips": return (0..<number(1...4)).map { _ in "10.0.\(number(0...9)).\(number(1...254)):9092" }.joined(separator: ",")
    case "ints": return (0..<number(1...7)).map { _ in String(number(0...60)) }.joined(separator: ", ")
    case "version": return "\(number(0...9)).\(number(0...30)).\(number(0...9))"
    default: preconditionFailure("there are no values called \(kind)")
    }
  }
}
