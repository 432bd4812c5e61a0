/// Lists of words that recognisers ask about values that a key gives away.
enum WordList {
  typealias Pointer = UnsafePointer<UInt8>

  /// Things, roles and companies whose names are written like those of people: `Order Router`, `Acme Corp`.
  static let things: StaticString = """
     access account action admin agent alert api app application archive audit backend backup batch bot box branch broker browser bucket\
     buffer build bus cache case channel chart ci class client cloud cluster code column command company component config connection console\
     container context control controller core corp cron data database db default deployment device disk display document domain driver\
     edge email engine entry error event exchange export factory feature feed field file filter flow folder function gateway gmbh group\
     guest handler health high home hook host http image import inc index input instance item job key label lambda layer ledger library\
     limit link list listener llc load lock log login low ltd machine main manager master memory message method metric metrics model\
     module monitor name namespace network node notification null object operator option order output package page panel parser partition\
     path payment pipeline plan platform plc plugin policy pool port primary priority process processor producer product profile program\
     project property proxy public query queue rate read record region registry release remote replica report repository request resource\
     response role root route router rule runner scheduler schema script search secret section secure security sensor server service\
     session set setup shard shirt shop signal site socket source space sql stage state station status step storage store stream string\
     subject support switch sync system table tag target task team template terminal test thread ticket time timer token tool topic trace\
     transaction transport trigger type unit unknown update upload user utility validator value vault version view virtual volume web\
     widget window worker workflow world write zone\u{20}
    """

  /// What is said about a password in the place of one.
  static let remarks: StaticString = """
     accepted blank changed disabled empty enabled encrypted expired failed filtered hidden incorrect invalid mandatory masked mismatch\
     missing no ok optional protected redacted rejected required reset set undefined unset updated valid wrong yes\u{20}
    """

  /// What package managers write behind a package's name and a colon.
  static let architectures: StaticString =
    " all amd64 any arm arm64 armel armhf hppa i386 ia64 loong64 mips mips64el mipsel native powerpc ppc64 ppc64el riscv64 s390x sparc64 x32 "

  /// Things with numbers of four parts that are no addresses.
  static let numbered: StaticString =
    " section chapter clause sdk oid rev revision paragraph patch plugin python php ruby perl postgres openssl package "

  /// What stands before `name` in the names of names.
  static let partsOfNames: StaticString = " first last full given family middle maiden "

  /// Whether the word that ends at `stop` is in the list.
  static func ends(_ list: StaticString, _ stop: Pointer, from base: Pointer) -> Bool {
    var start = stop
    while start > base, stop - start < 24, Bytes.isAlpha(start[-1]) { start -= 1 }
    return contains(list, start, stop)
  }

  /// Whether the list holds [start, stop) as a word. O(list): for values behind keys, not for every word.
  static func contains(_ list: StaticString, _ start: Pointer, _ stop: Pointer, ignoringCase: Bool = true) -> Bool {
    let count = stop - start
    let end = list.utf8Start + list.utf8CodeUnitCount
    guard count >= 2, count < 24 else { return false }
    let fold: UInt8 = ignoringCase ? 0x20 : 0
    let first = start[0] | fold
    // Every word has a blank on both sides.
    var blank = list.utf8Start
    while end - blank > count + 1 {
      if blank[1] == first, blank[count + 1] == UInt8(ascii: " ") {
        var i = 1
        while i < count, start[i] | fold == blank[i + 1] { i += 1 }
        if i == count { return true }
      }
      blank += 1
      while blank < end, blank.pointee != UInt8(ascii: " ") { blank += 1 }
    }
    return false
  }
}
