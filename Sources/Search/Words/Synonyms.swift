/// Words that operators use for one another. A word may stand in several groups; it then means all of them.
///
/// Written for the language of logs at large (processes, networks, disks, logins, hardware), and tuned to no data set.
enum Synonyms {
  private static let groups = """
    fail failure error fault unable cannot broken problem wrong unsuccessful
    succeed success successful ok complete done finish accept pass
    start begin launch boot init open spawn bring
    stop end halt shutdown terminate exit finish quit
    close disconnect hang hungup drop lost gone
    delete remove erase purge drop clean discard unlink
    create make build new allocate generate
    connect connection link socket session channel
    refuse reject deny forbid disallow block
    login logon authenticate authentication auth signin sign password credential
    logout logoff signoff
    user account username
    timeout late slow delay expire stall unresponsive
    crash abort panic die kill fatal exception
    memory ram heap dimm
    disk storage drive volume filesystem
    network net internet ethernet interface
    host node machine server computer peer
    client peer remote caller
    store save write persist add record
    read load fetch receive get download
    send transmit upload serve transfer deliver
    copy replica replicate duplicate mirror
    job task process work run execute program
    schedule plan queue assign pending wait
    restart reboot retry reconnect again
    invalid illegal bad wrong malformed unknown nonexistent
    corrupt damage checksum parity ecc
    check verify verification validate scan scrub inspect
    missing absent lost not found nonexistent
    full exhaust exceed overflow limit out
    config configuration setting option
    version release update upgrade patch package install
    permission privilege access right authorization
    attack intrusion break breakin hack suspicious
    temperature heat hot thermal fan cool cooling
    power supply voltage battery energy
    cpu processor core
    cache buffer
    interrupt trap signal
    address ip dns name resolve hostname
    image snapshot template
    vm instance guest virtual
    destroy delete terminate
    pause suspend sleep idle
    resume continue wake
    lock mutex acquire hold
    release unlock free
    screen display
    register registration enroll
    fix correct repair recover restore
    detect find found discover notice
    change modify update set alter
    size bytes length large big
    database db sql
    table relation schema tablespace
    query statement request
    replica standby follower secondary slave mirror
    primary master leader
    certificate cert tls ssl ca handshake
    token jwt cookie credential
    throttle rate quota excess often
    upload body payload
    backend upstream origin server
    heartbeat watchdog probe liveness readiness health
    container pod
    duplicate unique already exist
    insufficient enough short low
    clock time ntp
    topic queue partition
    publish produce publisher producer
    subscribe consume subscriber consumer
    message record mail
    mount attach
    pull download fetch
    push send deliver
    backup dump snapshot save
    retention age old
    gc garbage collect
    lag behind delay
    cluster quorum
    descriptor fd file
    field column attribute
    pay payment card charge purchase
    customer user client
    """

  /// Stems by stem, without itself.
  static let ofStem: [[UInt8]: Set<[UInt8]>] = {
    var result: [[UInt8]: Set<[UInt8]>] = [:]
    for line in groups.split(separator: "\n") {
      let stems = Set(line.split(separator: " ").map { Stem.of(Array($0.utf8)) })
      for stem in stems { result[stem, default: []].formUnion(stems.subtracting([stem])) }
    }
    return result
  }()
}
