/// Secrets that a vendor's prefix gives away.
enum VendorTokens {
  typealias Pointer = UnsafePointer<UInt8>

  /// A prefix and how many token characters stand behind it.
  private struct Rule {
    let prefix: StaticString
    let least: Int
    let most: Int

    init(_ prefix: StaticString, _ least: Int, _ most: Int) {
      self.prefix = prefix
      self.least = least
      self.most = most
    }
  }

  /// The end of the token at `start`, or nil. By the first letter: most atoms go no further.
  static func end(_ start: Pointer, _ limit: Pointer) -> Pointer? {
    switch start.pointee {
    case UInt8(ascii: "A"): first(of: largeA, start, limit)
    case UInt8(ascii: "a"): first(of: a, start, limit)
    case UInt8(ascii: "b"): first(of: b, start, limit)
    case UInt8(ascii: "C"): first(of: largeC, start, limit)
    case UInt8(ascii: "d"): first(of: d, start, limit)
    case UInt8(ascii: "E"): first(of: largeE, start, limit)
    case UInt8(ascii: "f"): first(of: f, start, limit)
    case UInt8(ascii: "G"): first(of: largeG, start, limit)
    case UInt8(ascii: "g"): first(of: g, start, limit)
    case UInt8(ascii: "H"): first(of: largeH, start, limit)
    case UInt8(ascii: "h"): first(of: h, start, limit)
    case UInt8(ascii: "k"): first(of: k, start, limit)
    case UInt8(ascii: "l"): first(of: l, start, limit)
    case UInt8(ascii: "N"): first(of: largeN, start, limit)
    case UInt8(ascii: "n"): first(of: n, start, limit)
    case UInt8(ascii: "P"): first(of: largeP, start, limit)
    case UInt8(ascii: "p"): first(of: p, start, limit)
    case UInt8(ascii: "r"): first(of: r, start, limit)
    case UInt8(ascii: "S"): first(of: largeS, start, limit)
    case UInt8(ascii: "s"): first(of: s, start, limit)
    case UInt8(ascii: "t"): first(of: t, start, limit)
    case UInt8(ascii: "w"): first(of: w, start, limit)
    case UInt8(ascii: "x"): first(of: x, start, limit)
    case UInt8(ascii: "y"): first(of: y, start, limit)
    default: nil
    }
  }

  private static func first(of rules: [Rule], _ start: Pointer, _ limit: Pointer) -> Pointer? {
    for rule in rules where Bytes.starts(start, limit, with: rule.prefix) {
      let body = start + rule.prefix.utf8CodeUnitCount
      var p = body
      while p < limit, p - body <= rule.most, isToken(p.pointee) { p += 1 }
      while p > body, p[-1] == UInt8(ascii: ".") { p -= 1 }
      if p - body >= rule.least, p - body <= rule.most { return p }
    }
    return nil
  }

  private static func isToken(_ byte: UInt8) -> Bool {
    Bytes.isAlnum(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ".")
  }

  private static let largeA = [
    Rule("AIza", 35, 35), Rule("ATATT3", 40, 220), Rule("ATCTT3", 40, 220), Rule("AKCp", 60, 80), Rule("AGE-SECRET-KEY-1", 50, 64),
  ]
  private static let a = [
    Rule("aio_", 28, 28)
  ]
  private static let b = [
    Rule("bkua_", 40, 40)
  ]
  private static let largeC = [
    Rule("CCIPAT_", 40, 80), Rule("CFPAT-", 40, 60),
  ]
  private static let d = [
    Rule("dop_v1_", 64, 64), Rule("doo_v1_", 64, 64), Rule("dor_v1_", 64, 64), Rule("dckr_pat_", 24, 40), Rule("dckr_oat_", 24, 40),
    Rule("dapi", 32, 36), Rule("dp.pt.", 40, 48), Rule("dp.st.", 40, 80), Rule("dt0c01.", 80, 96),
  ]
  private static let largeE = [
    Rule("EAACEdEose0cBA", 20, 200), Rule("EAAA", 56, 64),
  ]
  private static let f = [
    Rule("figd_", 36, 60), Rule("fo1_", 40, 48),
  ]
  private static let largeG = [
    Rule("GOCSPX-", 28, 28)
  ]
  private static let g = [
    Rule("glsa_", 32, 48), Rule("glc_", 32, 200), Rule("gsk_", 48, 60), Rule("ghp_", 36, 36), Rule("gho_", 36, 36), Rule("ghu_", 36, 36),
    Rule("ghs_", 36, 36), Rule("ghr_", 36, 76), Rule("github_pat_", 40, 120), Rule("glpat-", 20, 64), Rule("gldt-", 20, 64),
    Rule("glrt-", 20, 64), Rule("glptt-", 40, 64), Rule("glcbt-", 20, 64), Rule("glsoat-", 20, 64), Rule("glft-", 20, 64),
  ]
  private static let largeH = [
    Rule("HRKU-", 36, 64)
  ]
  private static let h = [
    Rule("hf_", 30, 40), Rule("hvs.", 24, 120), Rule("hvb.", 24, 240),
  ]
  private static let k = [
    Rule("key-", 32, 32)
  ]
  private static let l = [
    Rule("lin_api_", 32, 48), Rule("lsv2_pt_", 40, 48),
  ]
  private static let largeN = [
    Rule("NRAK-", 27, 27), Rule("NRII-", 32, 32),
  ]
  private static let n = [
    Rule("npm_", 36, 36), Rule("ntn_", 40, 50),
  ]
  private static let largeP = [
    Rule("PMAK-", 59, 64)
  ]
  private static let p = [
    Rule("pypi-", 32, 240), Rule("pat_", 32, 80), Rule("pscale_tkn_", 32, 64), Rule("pscale_pw_", 32, 64), Rule("phx_", 40, 50),
    Rule("pul-", 40, 40), Rule("pplx-", 40, 60),
  ]
  private static let r = [
    Rule("rk_live_", 16, 128), Rule("rk_test_", 16, 128), Rule("rubygems_", 48, 48), Rule("r8_", 37, 40), Rule("rdme_", 60, 80),
  ]
  private static let largeS = [
    Rule("SG.", 60, 72)
  ]
  private static let s = [
    Rule("sk-svcacct-", 20, 200), Rule("sk_live_", 16, 128), Rule("sk_test_", 16, 128), Rule("sk-proj-", 20, 200),
    Rule("sk-ant-", 20, 160), Rule("sq0atp-", 22, 43), Rule("sq0csp-", 43, 43), Rule("sntrys_", 40, 240), Rule("sntryu_", 40, 240),
    Rule("shpat_", 32, 32), Rule("shpss_", 32, 32), Rule("shpca_", 32, 32), Rule("shppa_", 32, 32), Rule("sbp_", 40, 48),
    Rule("squ_", 40, 40), Rule("sqp_", 40, 40), Rule("sqa_", 40, 40), Rule("sk-", 32, 64),
  ]
  private static let t = [
    Rule("tfp_", 32, 64)
  ]
  private static let w = [
    Rule("whsec_", 24, 64)
  ]
  private static let x = [
    Rule("xoxb-", 20, 200), Rule("xoxp-", 20, 200), Rule("xoxa-", 20, 200), Rule("xoxr-", 20, 200), Rule("xoxs-", 20, 200),
    Rule("xoxc-", 20, 200), Rule("xoxd-", 20, 240), Rule("xapp-", 20, 200), Rule("xoxe", 20, 240),
  ]
  private static let y = [
    Rule("ya29.", 24, 240)
  ]
}
