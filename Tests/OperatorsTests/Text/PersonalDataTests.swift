import Operators
import Testing

/// What counts as personal data or a secret, and what only looks like it. All values are invented; keys are made when the test runs.
@Suite("personal data")
struct PersonalDataTests {
  @Test(
    "is found, and nothing but the value",
    arguments: [
      ("mail to ann.lee+x@shop.example.co.uk.", ["email:ann.lee+x@shop.example.co.uk"]),
      ("<ann@example.com> wrote", ["email:ann@example.com"]),
      ("to=ann@example.com;cc=o'neil_2@example.org", ["email:ann@example.com", "email:neil_2@example.org"]),
      ("GET /reset?mail=ann@example.com&n=1 200", ["email:ann@example.com"]),
      ("GET /users/ann@example.com/orders HTTP/1.1", ["email:ann@example.com"]),
      ("see https://x.example/u?e=ann@example.com#top", ["email:ann@example.com"]),
      ("{\"user\":{\"mail\":\"ann@example.com\"}}", ["email:ann@example.com"]),
      ("call +44 20 7946 0958 now", ["phone:+44 20 7946 0958"]),
      ("call +1 (415) 555-0132, ext 4", ["phone:+1 (415) 555-0132"]),
      ("call +14155550132.", ["phone:+14155550132"]),
      ("tel: 030 901820", ["phone:030 901820"]),
      ("mobile_number=4155550132 ok", ["phone:4155550132"]),
      ("fax (212) 555-0187 busy", ["phone:(212) 555-0187"]),
      ("dial 212.555.0187 now", ["phone:212.555.0187"]),
      ("card 4111 1111 1111 1111 ok", ["credit-card:4111 1111 1111 1111"]),
      ("card 4111-1111-1111-1111, amex 3782 822463 10005", ["credit-card:4111-1111-1111-1111", "credit-card:3782 822463 10005"]),
      ("pan=5555555555554444", ["credit-card:5555555555554444"]),
      ("{\"card\":\"6011111111111117\"}", ["credit-card:6011111111111117"]),
      ("ssn 219-09-9999 ok", ["ssn:219-09-9999"]),
      ("ssn=219099999", ["ssn:219099999"]),
      ("iban GB82 WEST 1234 5698 7654 32 ok", ["iban:GB82 WEST 1234 5698 7654 32"]),
      ("IBAN=GB82WEST12345698765432,", ["iban:GB82WEST12345698765432"]),
      ("from 203.0.113.9:443 to 10.0.0.7", ["ipv4:203.0.113.9", "ipv4:10.0.0.7"]),
      ("route 10.2.0.0/16 via 10.1.0.1.", ["ipv4:10.2.0.0", "ipv4:10.1.0.1"]),
      ("https://203.0.113.9:8443/x", ["ipv4:203.0.113.9"]),
      ("host-7/203.0.113.9:9000 lost", ["ipv4:203.0.113.9"]),
      ("ip-203-0-113-9 up", []),
      ("peer [2001:db8::8a2e:370:7334]:80", ["ipv6:2001:db8::8a2e:370:7334"]),
      ("from 2001:0db8:0000:0000:0000:ff00:0042:8329", ["ipv6:2001:0db8:0000:0000:0000:ff00:0042:8329"]),
      ("mapped ::ffff:203.0.113.9 in", ["ipv6:::ffff:203.0.113.9"]),
      ("mac=3C:5A:B4:11:22:9F", ["mac:3C:5A:B4:11:22:9F"]),
      ("port 001b.4411.3ab7 up", ["mac:001b.4411.3ab7"]),
      ("db mysql://app:pa55@db:3306/x?y=1", ["url-credentials:app:pa55"]),
      ("login password=Tr0ub4dor&3, ok", ["password:Tr0ub4dor&3"]),
      ("db_password: 'correct horse'", ["password:correct horse"]),
      ("dbPassword=hunter2;user=x", ["password:hunter2"]),
      ("passwd:amd64x", ["password:amd64x"]), ("passwd:amd64.x", ["password:amd64.x"]), ("passwd:amd64!", ["password:amd64!"]),
      ("passwd: amd64", ["password:amd64"]), ("passwd:allow", ["password:allow"]),
      ("{\"passwd\": \"a\\\"b\"}", ["password:a\\\"b"]),
      ("POST /login?password=hunter2&x=1", ["password:hunter2"]),
      ("pin=4711", ["password:4711"]),
      ("first_name=Ann last_name=Lee", ["person:Ann", "person:Lee"]),
      ("patient: Åsa Öberg, ward 4", ["person:Åsa Öberg"]),
      ("\"name\":\"Ann B. Lee\"", ["person:Ann B. Lee"]),
      ("date_of_birth: 1984-07-19", ["birth-date:1984-07-19"]),
      ("dob=07/19/1984", ["birth-date:07/19/1984"]),
      ("date of birth: 1984-07-19", ["birth-date:1984-07-19"]),
      ("GET /u?e=ann%40example.com 200", ["email:ann%40example.com"]),
      ("GET /u?e=ann7@example.com 200", ["email:ann7@example.com"]),
      ("https://h.example/ann7@example.com/4111111111111111", ["email:ann7@example.com", "credit-card:4111111111111111"]),
      ("toll-free 1-800-555-0199", ["phone:1-800-555-0199"]),
      ("phone 415 555 0132 rang", ["phone:415 555 0132"]),
      ("SSN 457 55 5462 seen", ["ssn:457 55 5462"]),
      ("range 10.1.2.3-10.1.2.9", ["ipv4:10.1.2.3", "ipv4:10.1.2.9"]),
      ("localhost/10.1.2.3 up", ["ipv4:10.1.2.3"]),
      ("run --password hunter2 --user x", ["password:hunter2"]),
      ("mysql_pass=hunter2", ["password:hunter2"]),
      ("<password>hunter2</password>", ["password:hunter2"]),
      ("customer: Ann Lee, id 7", ["person:Ann Lee"]),
    ])
  func isFound(text: String, expected: [String]) {
    #expect(ScannedText(text).findings == expected)
  }

  @Test(
    "is not seen where it only looks like it",
    arguments: [
      "user@host started", "sched cpu@3 idle", "npm i @scope/pkg@1.2.3", "image app@sha256:ab12", "git@github.com:a/b.git cloned",
      "user@1000.service: Succeeded.", "java.lang.Object@1b6d3586", "order 4155550132 packed", "ticket #2125550187", "seq 442079460958",
      "epoch 1700000000123", "txn 0000000000000000", "card 4111 1111 1111 1112", "offset=1234567890123456", "sku 666-45-1234",
      "id 457-55-54621",
      "code 900-11-2222", "range 123-00-4567", "part 000-12-3456", "oid 1.3.6.1.4.1", "version 10.4.32.1",
      "upgrade from 1.2.3.4 to 1.2.4.0",
      "octets 300.1.2.3", "bind 0.0.0.0:80", "on 127.0.0.1", "resolver ::1", "std::vector::at", "a::b", "clock 12:34:56:78", "at 10:20:30",
      "fp 3c:5a:b4:11:22:9f:aa:bb", "id 00-1B-44", "lot FR2004 from NL12", "bad iban DE00370400440532013000", "ref GB29XYZ",
      "Bearer scheme not supported", "token bucket refilled", "Basic usage follows", "AKIA is a prefix", "eyJ alone",
      "secret rotation done",
      "password field is empty", "passwords: 0 leaked", "password reset for x", "pwd=/var/lib", "password=null", "Failed password for root",
      "hostname=\"Maria DB\"", "thread name=main", "name=Maria", "file_name=John.txt", "service_name=Order Router", "display name server",
      "patient records=7", "+0000 offset", "diff +12 -7", "2024-11-05T10:11:12+01:00", "ratio 1.5.2", "phone home", "mobile=true", "pin=on",
      "commit 2cf63c03378ec16c03888ad3e21c5cf5f1dfd9c9", "uuid 1088d013-7822-57bf-fb6a-af423e6ed8c4",
      "-----BEGIN CERTIFICATE-----MIIB12-----END",
      "token=invalid", "secret=changeit", "api_key missing", "Authorization: none", "key=user:1234:profile", "pass=3 fail=0",
      "password=****", "password: [FILTERED]", "status installed passwd:amd64 1:4.13+dfsg1-1", "install base-passwd:i386 <none> 3.6.1",
      "passwd:all",
      "Unpacking passwd:arm64 (1:4.13) ...", "Removing passwd:amd64.", "Setting up passwd:amd64=1:4.13 (x)", "(passwd:amd64)",
      "Unpacking passwd:amd64...", "dpkg: warning: passwd:amd64: missing", "package 'base-passwd:amd64' is old",
      "<password></password>", "Chrome/102.0.1.2", "libfoo-1.2.3.4", "rows 415 555 0132", "customer=acme", "https://example.com/a:b@c",
    ])
  func isNotSeen(text: String) {
    #expect(ScannedText(text).findings == [])
  }

  /// Letters and digits that no one has been given.
  private static func invented(_ count: Int, _ alphabet: String = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
    -> String
  {
    var random = SplitMix(seed: UInt64(count) &* 31 &+ UInt64(alphabet.utf8.count))
    let letters = Array(alphabet)
    return String((0..<count).map { _ in letters[Int(random.next() % UInt64(letters.count))] })
  }

  @Test("vendors' keys are known by prefix, length and alphabet")
  func vendorKeys() {
    for (prefix, count) in [
      ("gh" + "p_", 36), ("github" + "_pat_", 82), ("gl" + "pat-", 20), ("xo" + "xb-", 50), ("sk" + "_live_", 24), ("AI" + "za", 35),
      ("np" + "m_", 36), ("py" + "pi-", 60), ("hf" + "_", 34), ("dop" + "_v1_", 64), ("shp" + "at_", 32), ("sk-" + "ant-", 40),
      ("ya" + "29.", 60),
      ("hv" + "s.", 30), ("dckr" + "_pat_", 27),
    ] {
      let key =
        prefix + Self.invented(count, prefix.hasPrefix("dop") || prefix.hasPrefix("shp") ? "0123456789abcdef" : "abcdefXYZ0123456789")
      #expect(ScannedText("with \(key) now").findings == ["secret:\(key)"])
      #expect(ScannedText("k=\"\(key)\"").findings == ["secret:\(key)"])
      #expect(ScannedText("https://h.example/x?k=\(key)&b=1").findings == ["secret:\(key)"])
      #expect(ScannedText("with \(prefix)short now").findings == [])
    }
    let aws = "AK" + "IA" + Self.invented(16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")
    #expect(ScannedText("using \(aws) for s3").findings == ["aws-key:\(aws)"])
    let secret = Self.invented(40)
    for key in ["aws_secret_access_key", "clientSecret", "API-KEY", "access_token", "x-api-key"] {
      #expect(ScannedText("\(key)=\(secret)").findings == ["secret:\(secret)"])
      #expect(ScannedText("\"\(key)\": \"\(secret)\"").findings == ["secret:\(secret)"])
    }
  }

  @Test("tokens in headers are found by their scheme, and JSON web tokens anywhere")
  func headers() {
    let token = Self.invented(36)
    #expect(ScannedText("Authorization: Bearer \(token)").findings == ["bearer:\(token)"])
    #expect(ScannedText("authorization=Bearer \(token), x").findings == ["bearer:\(token)"])
    #expect(ScannedText("{\"Authorization\":\"Bearer \(token)\"}").findings == ["bearer:\(token)"])
    #expect(ScannedText("Authorization: Token \(token)").findings == ["bearer:\(token)"])
    #expect(ScannedText("sent Bearer \(token) to x").findings == ["bearer:\(token)"])
    #expect(ScannedText("Authorization: Basic dXNlcjpwYXNz").findings == ["basic-auth:dXNlcjpwYXNz"])
    // {"alg":"HS256"} . {"sub":"1"} . anything
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0." + token
    #expect(ScannedText("cookie s=\(jwt); path=/").findings == ["jwt:\(jwt)"])
    #expect(ScannedText("Authorization: Bearer \(jwt)").findings == ["jwt:\(jwt)"])
    #expect(ScannedText("https://h.example/cb?t=\(jwt)").findings == ["jwt:\(jwt)"])
  }

  @Test("private keys lose their body, on one line, with escaped or with real line ends")
  func privateKeys() {
    let body = Self.invented(64) + "\n" + Self.invented(64) + "\n" + Self.invented(20)
    for end in ["\n", "\\n", ""] {
      let key =
        "-----BEGIN RSA PRI" + "VATE KEY-----\(end)\(body.split(separator: "\n").joined(separator: end))\(end)-----END RSA PRI"
        + "VATE KEY-----"
      let scanned = ScannedText("loaded \(key) ok")
      #expect(scanned.spans.map(\.type) == [.privateKey])
      #expect(scanned.redactedText.contains("<private-key>") && !scanned.redactedText.contains(Self.invented(20)))
    }
  }

  @Test("data inside atoms of any length is found")
  func longAtoms() {
    for count in [30, 60, 64, 65, 128, 239, 240, 241, 300, 5_000] {
      let filler = String(repeating: "x1", count: count / 2)
      #expect(ScannedText("\(filler)/ann@example.com/\(filler)").findings == ["email:ann@example.com"], "\(count)")
      #expect(ScannedText("\(filler) ann@example.com \(filler)").findings == ["email:ann@example.com"], "\(count)")
      #expect(ScannedText("\(filler)/203.0.113.9/\(filler)").findings == ["ipv4:203.0.113.9"], "\(count)")
    }
  }
}
