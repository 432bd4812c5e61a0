/// Systems that were invented for testing: what their messages are is known, and no rule was made for them.
enum LogSystems {
  static let all: [LogSystem] = [
    LogSystem(
      "web-access",
      """
      ‹ip› - - [‹time›] "GET ‹route› HTTP/‹=1.1›" ‹status› ‹int› "-" "‹agent›"
      ‹ip› - - [‹time›] "POST ‹route› HTTP/‹=1.1›" ‹status› ‹int› "-" "‹agent›"
      ‹ip› - ‹user› [‹time›] "DELETE ‹route› HTTP/‹=1.1›" ‹status› ‹int› "-" "‹agent›"
      ‹ip› - - [‹time›] "-" ‹=400› ‹=0› "-" "-"
      """),
    LogSystem(
      "web-error",
      """
      *‹int› open() "‹path›" failed (‹=2›: No such file or directory), client: ‹ip›, server: ‹host›, request: "GET ‹route› HTTP/‹=1.1›", host: "‹host›"
      *‹int› connect() failed (‹=111›: Connection refused) while connecting to upstream, client: ‹ip›, server: ‹host›, upstream: "‹url›"
      *‹int› upstream timed out (‹=110›: Connection timed out) while reading response header from upstream, client: ‹ip›, server: ‹host›
      *‹int› client intended to send too large body: ‹int› bytes, client: ‹ip›, server: ‹host›
      *‹int› limiting requests, excess: ‹float› by zone "‹name›", client: ‹ip›
      *‹int› directory index of "‹path›" is forbidden, client: ‹ip›, server: ‹host›
      *‹int› SSL_do_handshake() failed (SSL: error:‹hex›:SSL routines::wrong version number) while SSL handshaking, client: ‹ip›, server: ‹endpoint›
      signal process started
      worker process ‹int› exited with code ‹n›
      using the "epoll" event method
      start worker process ‹int›
      gracefully shutting down
      could not build optimal proxy_headers_hash, you should increase either proxy_headers_hash_max_size: ‹int› or proxy_headers_hash_bucket_size: ‹int›; ignoring
      """),
    LogSystem(
      "database",
      """
      connection received: host=‹ip› port=‹port›
      connection authorized: user=‹user› database=‹thing› application_name=‹name›
      disconnection: session time: ‹session› user=‹user› database=‹thing› host=‹ip› port=‹port›
      password authentication failed for user "‹user›"
      database "‹thing›" does not exist
      relation "‹thing›" does not exist at character ‹int›
      duplicate key value violates unique constraint "‹pkey›"
      deadlock detected
      process ‹int› still waiting for ShareLock on transaction ‹int› after ‹float› ms
      process ‹int› acquired ShareLock on transaction ‹int› after ‹float› ms
      checkpoint starting: time
      checkpoint starting: wal
      checkpoint complete: wrote ‹int› buffers (‹float›%); ‹n› WAL file(s) added, ‹n› removed, ‹n› recycled; write=‹float› s, sync=‹float› s, total=‹float› s
      automatic vacuum of table "‹table›": index scans: ‹n›
      automatic analyze of table "‹table›"
      duration: ‹float› ms  statement: SELECT * FROM ‹thing› WHERE id = ‹int›
      could not receive data from client: Connection reset by peer
      unexpected EOF on client connection with an open transaction
      terminating connection due to administrator command
      database system was shut down at ‹time›
      database system is ready to accept connections
      canceling statement due to statement timeout
      temporary file: path "‹tmp›", size ‹int›
      received fast shutdown request
      invalid length of startup packet
      parameter "‹name›" changed to "‹int›"
      out of memory: failed on request of size ‹int› in memory context "‹name›"
      """),
    LogSystem(
      "node-agent",
      """
      "Starting kubelet" version="‹version›"
      "SyncLoop ADD" source="‹=api›" pods="[‹podpath›]"
      "SyncLoop DELETE" source="‹=api›" pods="[‹podpath›]"
      "SyncLoop (PLEG): event for pod" pod="‹podpath›" event=&{ID:‹uuid› Type:ContainerStarted Data:‹sha›}
      "Probe failed" probeType="‹=Readiness›" pod="‹podpath›" podUID="‹uuid›" containerName="‹thing›" probeResult="‹=failure›" output="HTTP probe failed with statuscode: ‹status›"
      "Error syncing pod, skipping" err="failed to \\"StartContainer\\" for \\"‹thing›\\" with CrashLoopBackOff" pod="‹podpath›" podUID="‹uuid›"
      "RemoveContainer" containerID="‹sha›"
      "Pod startup latency" pod="‹podpath›" podStartSLOduration=‹float› firstStartedPulling="‹time›"
      "Killing container with a grace period" pod="‹podpath›" podUID="‹uuid›" containerName="‹thing›" containerID="‹cid›" gracePeriod=‹=30›
      "Image garbage collection failed" err="failed to get imageFs stats: missing image stats"
      "Node became not ready" node="‹name›" condition={"type":"‹=Ready›","status":"‹=False›"}
      Successfully assigned ‹podpath› to ‹name›
      Pulling image "‹image›"
      Successfully pulled image "‹image›" in ‹duration›
      Created container ‹thing›
      Started container ‹thing›
      Stopping container ‹thing›
      Back-off restarting failed container ‹thing› in pod ‹pod›
      Liveness probe failed: Get "‹url›": dial tcp ‹endpoint›: connect: connection refused
      Unable to attach or mount volumes: unmounted volumes=[‹thing›], unattached volumes=[‹thing›]: timed out waiting for the condition
      """),
    LogSystem(
      "broker",
      """
      [Partition ‹partition› broker=‹n›] Log loaded for partition ‹partition› with initial high watermark ‹int›
      [Partition ‹partition› broker=‹n›] ISR updated to ‹ints› and version updated to ‹int›
      [GroupCoordinator ‹n›]: Preparing to rebalance group ‹thing› in state ‹state› with old generation ‹int› (reason: Adding new member ‹member›)
      [GroupCoordinator ‹n›]: Stabilized group ‹thing› generation ‹int› with ‹n› members
      [GroupCoordinator ‹n›]: Member ‹member› in group ‹thing› has failed, removing it from the group
      [GroupCoordinator ‹n›]: Assignment received from leader ‹member› for group ‹thing› for generation ‹int›
      [Log partition=‹partition›, dir=‹path›] Rolled new log segment at offset ‹int› in ‹int› ms.
      [Log partition=‹partition›, dir=‹path›] Deleting segment files LogSegment(baseOffset=‹int›, size=‹int›, lastModifiedTime=‹int›, largestRecordTimestamp=‹int›)
      [Controller id=‹n›] Processing automatic preferred replica leader election
      [ReplicaFetcher replicaId=‹n›, leaderId=‹n›, fetcherId=‹n›] Truncating partition ‹partition› to offset ‹int›
      [ReplicaManager broker=‹n›] Shutting down
      [SocketServer listenerType=‹=ZK_BROKER›, nodeId=‹n›] Failed authentication with ‹slaship› (SSL handshake failed)
      Deleted offset index ‹path›.
      Created log for partition ‹partition› in ‹path› with properties {}
      starting (kafka.server.Server)
      Connecting to zookeeper on ‹endpoint›
      Client session timed out, have not heard from server in ‹ms› for sessionid ‹pointer›
      Opening socket connection to server ‹hostaddress›.
      Session establishment complete on server ‹hostaddress›, session id = ‹pointer›, negotiated timeout = ‹int›
      """),
    LogSystem(
      "web-service",
      """
      Starting ‹thing› using Java ‹version› with PID ‹int› (‹path› started by ‹user› in ‹path›)
      No active profile set, falling back to ‹=1› default profile: "default"
      Tomcat initialized with port(s): ‹port› (http)
      Started ‹thing› in ‹float› seconds (process running for ‹float›)
      HikariPool-‹n› - Starting...
      HikariPool-‹n› - Start completed.
      HikariPool-‹n› - Connection is not available, request timed out after ‹ms›.
      Order ‹id› placed by customer ‹int› for amount ‹float›
      Order ‹id› cancelled by customer ‹int›: ‹reason›
      Payment ‹uuid› declined for order ‹id›
      Cache miss for key ‹id›
      Cache hit for key ‹id›
      Evicted ‹int› entries from cache ‹thing›
      Servlet.service() for servlet [dispatcherServlet] in context with path [] threw exception [Request processing failed: ‹class›: boom] with root cause¶‹stack›
      Unexpected error while calling ‹url›: ‹status› ‹reason›
      Retrying call to ‹host› (attempt ‹n› of ‹=5›)
      Circuit breaker '‹thing›' changed state from CLOSED to OPEN
      Circuit breaker '‹thing›' changed state from OPEN to HALF_OPEN
      Job ‹name› finished in ‹ms›
      Job ‹name› failed after ‹ms›
      Resolved [‹class›: Required parameter '‹thing›' is not present.]
      user ‹user› logged in from ‹ip›
      user ‹user› logged out
      Shutting down ExecutorService 'applicationTaskExecutor'
      """),
    LogSystem(
      "init-system",
      """
      Starting ‹unit›...
      Started ‹unit›.
      Stopping ‹unit›...
      Stopped ‹unit›.
      ‹unit›: Deactivated successfully.
      ‹unit›: Main process exited, code=‹=exited›, status=‹failure›
      ‹unit›: Failed with result 'exit-code'.
      ‹unit›: Scheduled restart job, restart counter is at ‹int›.
      ‹unit›: Consumed ‹secs› CPU time.
      Reached target Network.
      Reached target Multi-User System.
      New session ‹int› of user ‹user›.
      Removed session ‹int›.
      Session ‹int› logged out. Waiting for processes to exit.
      Created slice User Slice of UID ‹int›.
      Startup finished in ‹secs› (kernel) + ‹secs› (userspace) = ‹secs›.
      Condition check resulted in ‹unit› being skipped.
      ‹path›: Deprecated setting, ignoring.
      (‹user›) CMD (‹path›)
      pam_unix(cron:session): session opened for user ‹user›(uid=‹int›) by (uid=‹=0›)
      pam_unix(cron:session): session closed for user ‹user›
      """),
    LogSystem(
      "kernel",
      """
      ‹net›: link up, ‹=1000› Mbps, full duplex
      ‹net›: link down
      device ‹device› entered promiscuous mode
      device ‹device› left promiscuous mode
      EXT4-fs (‹device›): mounted filesystem with ordered data mode. Opts: (‹=null›)
      EXT4-fs (‹device›): re-mounted. Opts: errors=‹=remount-ro›
      Out of memory: Killed process ‹int› (‹thing›) total-vm:‹kb›, anon-rss:‹kb›, file-rss:‹kb›, shmem-rss:‹=0kB›, UID:‹int› pgtables:‹kb› oom_score_adj:‹n›
      ‹thing› invoked oom-killer: gfp_mask=‹pointer›, order=‹n›, oom_score_adj=‹n›
      usb ‹bus›: new high-speed USB device number ‹int› using xhci_hcd
      usb ‹bus›: USB disconnect, device number ‹int›
      TCP: request_sock_TCP: Possible SYN flooding on port ‹port›. Sending cookies.
      ‹cpu›: Core temperature above threshold, cpu clock throttled (total events = ‹int›)
      ‹cpu›: Core temperature/speed normal
      INFO: task ‹thing›:‹int› blocked for more than ‹=120› seconds.
      ‹thing›[‹int›]: segfault at ‹hex› ip ‹hex16› sp ‹hex16› error ‹n› in libc.so.‹=6›[‹segment›]
      Buffer I/O error on dev ‹device›, logical block ‹int›, lost async page write
      audit: type=‹=1400› audit(‹stamp›): apparmor="‹=DENIED›" operation="‹=open›" profile="‹thing›" name="‹path›" pid=‹int› comm="‹thing›"
      Linux version ‹kernel› (gcc ‹version›)
      Memory: ‹kks› available
      """),
    LogSystem(
      "structured-lines",
      """
      time=‹time› level=‹=info› msg="starting server" addr=‹listen› version=‹version›
      time=‹time› level=‹=info› msg="request handled" method=‹=GET› path=‹route› status=‹status› duration=‹duration›
      time=‹time› level=‹=info› msg="user created" user_id=‹int› email=‹email›
      time=‹time› level=‹=warn› msg="slow query" query="‹query›" took=‹duration›
      time=‹time› level=‹=error› msg="upstream failed" upstream=‹host› err="dial tcp ‹endpoint›: connect: connection refused" attempt=‹n›
      time=‹time› level=‹=error› msg="upstream failed, giving up" upstream=‹host› attempts=‹n›
      time=‹time› level=‹=debug› msg="cache refreshed" entries=‹int› took=‹duration›
      time=‹time› level=‹=info› msg="shutting down" signal=‹=terminated›
      time=‹time› level=‹=info› msg="job done" job=‹thing› took=‹duration›
      time=‹time› level=‹=info› msg="job started" job=‹thing›
      """),
    LogSystem(
      "structured-objects",
      """
      {"level":‹=30›,"time":‹int›,"pid":‹int›,"hostname":"‹name›","msg":"server listening on port ‹port›"}
      {"level":‹=30›,"time":‹int›,"pid":‹int›,"hostname":"‹name›","reqId":"‹id›","req":{"method":"‹=GET›","url":"‹route›","remoteAddress":"‹ip›"},"msg":"incoming request"}
      {"level":‹=30›,"time":‹int›,"pid":‹int›,"hostname":"‹name›","reqId":"‹id›","res":{"statusCode":‹status›},"responseTime":‹float›,"msg":"request completed"}
      {"level":‹=40›,"time":‹int›,"pid":‹int›,"hostname":"‹name›","msg":"retrying ‹thing› in ‹ms›"}
      {"level":‹=50›,"time":‹int›,"pid":‹int›,"hostname":"‹name›","err":{"type":"‹=Error›","message":"connect ECONNREFUSED ‹endpoint›"},"msg":"cannot reach ‹thing›"}
      {"level":‹=30›,"time":‹int›,"pid":‹int›,"hostname":"‹name›","userId":"‹uuid›","plan":"‹thing›","msg":"subscription changed"}
      {"level":‹=20›,"time":‹int›,"pid":‹int›,"hostname":"‹name›","queue":"‹topic›","lag":‹int›,"msg":"queue checked"}
      """),
    LogSystem(
      "relay-client",
      """
      ‹hostport› open through proxy ‹hostport› SOCKS5
      ‹hostport› close, ‹int› bytes‹~kilobytes› sent, ‹int› bytes‹~kilobytes› received, lifetime ‹lifetime›
      ‹hostport› error : Could not connect through proxy ‹hostport› - Proxy server cannot establish a connection with the target, status code ‹status›
      ‹hostport› error : A connection request was canceled before the completion.
      """),
    LogSystem(
      "wearable",
      """
      onStandStepChanged ‹int›
      onExtend:‹int› ‹n› ‹n› ‹n›
      calculateCalories totalCalories=‹int›
      setTodaySteps=‹steps›
      REPORT : ‹int› ‹int› ‹int› ‹int›
      processEvent action:‹action›
      flush sensor data
      getBinderPackageName packageName = ‹class›
      screen status unknown,think screen on
      sync ‹int› records with cloud, result=‹n›
      upload failed: ‹reason›
      """),
    LogSystem(
      "desktop",
      """
      ARPT: ‹float›: wl0: setup_keepalive: interval ‹int›, retry_interval ‹int›, retry_count ‹n›
      ‹net›: channel changed to ‹int›
      [‹int›] applying profile ‹name›
      Thermal pressure state: ‹n› Memory pressure state: ‹n›
      Could not find the app with identifier ‹class›
      ‹app›: cannot decode frame ‹int›, dropping
      Failed to open file ‹file›: no permission
      Saved document "‹file›" in ‹ms›
      User ‹user› switched to session ‹int›
      AirPlay: mirroring to ‹name› started
      AirPlay: mirroring to ‹name› stopped
      hibernate image path: ‹path›
      Bluetooth -- LE is supported - Disable LE meta event
      Previous shutdown cause: ‹neg›
      """),
    LogSystem(
      "cluster-compute",
      """
      Running task ‹float› in stage ‹float› (TID ‹int›)
      Finished task ‹float› in stage ‹float› (TID ‹int›). ‹int› bytes result sent to driver
      Lost task ‹float› in stage ‹float› (TID ‹int›, ‹host›, executor ‹n›): ‹class›: no space left on device
      Block ‹piece› stored as values in memory (estimated size ‹size›, free ‹size›)
      Block ‹piece› stored as bytes in memory (estimated size ‹size›, free ‹size›)
      Found block ‹rdd› locally
      Started reading broadcast variable ‹int›
      Reading broadcast variable ‹int› took ‹int› ms
      Input split: ‹hdfs›
      Registered executor NettyRpcEndpointRef(‹=null›) (‹endpoint›) with ID ‹n›
      Changing view acls to: ‹user›,‹user›
      Connecting to driver: ‹sparkurl›
      Server: ‹thing› registered
      MemoryStore started with capacity ‹size›
      """),
    LogSystem(
      "coordination",
      """
      Accepted socket connection from ‹slashendpoint›
      Closed socket connection for client ‹slashendpoint› which had sessionid ‹pointer›
      Established session ‹pointer› with negotiated timeout ‹int› for client ‹slashendpoint›
      Expiring session ‹pointer›, timeout of ‹ms› exceeded
      Processed session termination for sessionid: ‹pointer›
      Received connection request ‹slashendpoint›
      Cannot open channel to ‹n› at election address ‹slashendpoint›
      Notification: ‹n› (n.leader), ‹pointer› (n.zxid), ‹n› (n.round), LOOKING (n.state), ‹n› (n.sid), FOLLOWING (my state)
      Notification time out: ‹int›
      caught end of stream exception: Unable to read additional data from client sessionid ‹pointer›, likely client has closed socket
      Snapshotting: ‹pointer› to ‹path›
      FOLLOWING - LEADER ELECTION TOOK - ‹int›
      LEADING - LEADER ELECTION TOOK - ‹int›
      tickTime set to ‹int›
      """),
    LogSystem(
      "mail-server",
      """
      connect from ‹host›[‹ip›]
      disconnect from ‹host›[‹ip›] ehlo=‹=1› mail=‹n› rcpt=‹n› data=‹n› quit=‹=1› commands=‹n›
      ‹queue›: client=‹host›[‹ip›]
      ‹queue›: message-id=<‹email›>
      ‹queue›: from=<‹email›>, size=‹int›, nrcpt=‹n› (queue active)
      ‹queue›: to=<‹email›>, relay=‹host›[‹ip›]:‹=25›, delay=‹float›, delays=‹delays›, dsn=‹=2.0.0›, status=‹=sent› (‹=250› ‹=2.0.0› Ok: queued as ‹queue›)
      ‹queue›: to=<‹email›>, relay=‹=none›, delay=‹float›, delays=‹delays›, dsn=‹=4.4.1›, status=‹=deferred› (connect to ‹host›[‹ip›]:‹=25›: Connection timed out)
      ‹queue›: removed
      warning: hostname ‹host› does not resolve to address ‹ip›: Name or service not known
      warning: ‹host›[‹ip›]: SASL LOGIN authentication failed: ‹=UGFzc3dvcmQ6›
      lost connection after AUTH from ‹host›[‹ip›]
      statistics: max connection rate ‹rate› for (smtp:‹ip›) at ‹=Nov 12 04:11:09›
      Anonymous TLS connection established from ‹host›[‹ip›]: ‹=TLSv1.3› with cipher ‹=TLS_AES_256_GCM_SHA384› (‹=256/256› bits)
      """),
    LogSystem(
      "key-value-store",
      """
      Accepted ‹endpoint›
      Client closed connection id=‹int› addr=‹endpoint› fd=‹int› name=‹thing› age=‹int› idle=‹int›
      Background saving started by pid ‹int›
      Background saving terminated with success
      DB saved on disk
      DB loaded from disk: ‹float› seconds
      ‹int› changes in ‹int› seconds. Saving...
      RDB: ‹int› MB of memory used by copy-on-write
      Replica ‹endpoint› asks for synchronization
      Partial resynchronization not possible (no cached master)
      Full resync from master: ‹offset›
      MASTER <-> REPLICA sync: receiving ‹int› bytes from master to disk
      Connecting to MASTER ‹endpoint›
      # WARNING overcommit_memory is set to ‹n›! Background save may fail under low memory condition.
      Asynchronous AOF fsync is taking too long (disk is busy?). Writing the AOF buffer without waiting for fsync to complete, this may slow down the server.
      Ready to accept connections
      Server initialized
      User requested shutdown...
      DENIED attempt from ‹ip› to run command ‹thing› on key ‹id›
      """),
    LogSystem(
      "task-worker",
      """
      Task ‹celery›[‹uuid›] received
      Task ‹celery›[‹uuid›] succeeded in ‹secs›: ‹=None›
      Task ‹celery›[‹uuid›] raised unexpected: ValueError('bad input')¶Traceback (most recent call last):¶‹frames›¶ValueError: bad input
      Task ‹celery›[‹uuid›] retry: Retry in ‹int›s
      Connected to ‹amqp›
      mingle: searching for neighbors
      mingle: all alone
      ‹node› ready.
      missed heartbeat from ‹node›
      Scheduler: Sending due task ‹thing› (‹celery›)
      Substantial drift from ‹node› may mean clocks are out of sync. Current drift is ‹int› seconds.
      Restarting celery worker (‹path›)
      Prefetch count set to ‹int›
      Deleted ‹int› expired results
      """),
    LogSystem(
      "load-balancer",
      """
      ‹endpoint› [‹time›] http-in~ ‹backend› ‹timers› ‹status› ‹int› - - ---- ‹conns› ‹=0/0› "GET ‹route› HTTP/‹=1.1›"
      Server ‹backend› is UP, reason: Layer7 check passed, code: ‹status›, check duration: ‹ms›. ‹n› active and ‹n› backup servers online. ‹n› sessions requeued, ‹n› total in queue.
      Server ‹backend› is DOWN, reason: Layer4 connection problem, info: "Connection refused", check duration: ‹ms›. ‹n› active and ‹n› backup servers left. ‹n› sessions active, ‹n› requeued, ‹n› remaining in queue.
      backend ‹thing› has no server available!
      Proxy ‹thing› started.
      Stopping frontend ‹thing› in ‹n› ms.
      Certificate for ‹host› expires in ‹int› days
      reloading configuration from ‹path›
      new worker (‹int›) forked
      """),
    LogSystem(
      "build-runner",
      """
      Running with runner ‹version› on ‹name› ‹hex›
      Checking out ‹hex› as detached HEAD (ref is ‹thing›)...
      Downloading artifacts for ‹thing› (‹int›)...
      Uploading artifacts as "archive" to coordinator... ‹=201› Created id=‹int› responseStatus=‹=201› token=‹hex›
      Job succeeded
      ERROR: Job failed: exit code ‹n›
      Step ‹step› : COPY ‹copies›
       ---> ‹hex›
      Compiling ‹thing› ‹crate› (‹path›)
      Finished release [optimized] target(s) in ‹duration›
      test ‹testname› ... ok
      test ‹testname› ... FAILED
      warning: unused variable: `‹name›`
      error[‹ecode›]: cannot find value `‹name›` in this scope
      added ‹int› packages, and audited ‹int› packages in ‹duration›
      ‹int› vulnerabilities (‹n› moderate, ‹n› high)
      """),
    LogSystem(
      "firewall",
      """
      Built outbound TCP connection ‹int› for outside:‹ipslash› to inside:‹ipslash›
      Built inbound UDP connection ‹int› for outside:‹ipslash› to inside:‹ipslash›
      Teardown TCP connection ‹int› for outside:‹ipslash› to inside:‹ipslash› duration ‹clock› bytes ‹int› TCP FINs
      Teardown TCP connection ‹int› for outside:‹ipslash› to inside:‹ipslash› duration ‹clock› bytes ‹int› SYN Timeout
      Deny tcp src outside:‹ipslash› dst inside:‹ipslash› by access-group "‹name›" [‹pointer›, ‹pointer›]
      Group = ‹thing›, Username = ‹user›, IP = ‹ip›, Session disconnected. Session Type: ‹=SSL›, Duration: ‹clock›, Bytes xmt: ‹int›, Bytes rcv: ‹int›, Reason: ‹=Idle›
      AAA user authentication Rejected : reason = ‹=AAA› failure : server = ‹ip› : user = ‹user›
      IN=‹net› OUT= MAC=‹mac› SRC=‹ip› DST=‹ip› LEN=‹int› TTL=‹int› ID=‹int› PROTO=‹=TCP› SPT=‹port› DPT=‹port›
      policy ‹int› (‹name›) hit count reset by ‹user›
      License for feature ‹thing› expires in ‹int› days
      HA state changed from ‹=active› to ‹=standby›
      Interface ‹net›, changed state to up
      Interface ‹net›, changed state to down
      """),
    LogSystem(
      "phone",
      """
      startActivity from pid ‹int› cmp=‹component› flg=‹pointer›
      Displayed ‹component›: +‹ms›
      Process ‹package› (pid ‹int›) has died
      Killing ‹int›:‹package›/u0a‹int› (adj ‹int›): empty #‹int›
      Force stopping ‹package› appid=‹int› user=‹n›: from pid ‹int›
      setBrightness mode=‹n› value=‹int› animated=‹bool›
      isScreenOn = ‹bool›
      onConfigurationChanged: {‹float› ‹locale› ldltr sw‹int›dp}
      WifiStateMachine: rssi=‹neg› link speed=‹int› score=‹int›
      battery level ‹int› plugged ‹bool› temp ‹int›
      GC freed ‹int›(‹size›) AllocSpace objects, ‹int›(‹size›) LOS objects, ‹pct› free, ‹size›/‹size›, paused ‹duration› total ‹duration›
      Skipped ‹int› frames!  The application may be doing too much work on its main thread.
      Slow dispatch took ‹ms› main h=‹class› c=‹class› m=‹n›
      Unable to find resource ID #‹pointer›
      cancelNotification pkg=‹package› id=‹int› tag=‹=null›
      Permission denied for ‹package› by user
      """),
    LogSystem(
      "batch-scheduler",
      """
      job ‹int›.‹name› queued by ‹user›@‹host› in queue ‹thing›
      job ‹int›.‹name› started on ‹node2› with ‹int› cpus
      job ‹int›.‹name› exited with status ‹n› after ‹clock›
      ‹node2› state changed: down
      ‹node2› state changed: idle
      ‹node2› not responding, setting DOWN
      ‹node2› fan ‹n› speed ‹int› rpm below threshold ‹int›
      ambient temperature ‹int› exceeds ‹int› on ‹node2›
      ECC error corrected at address ‹pointer› rank ‹n› bank ‹n›
      uncorrectable ECC error at address ‹pointer›
      link error on ‹port2› lane ‹n›
      lustre: client ‹uuid› (at ‹ip›@tcp) reconnecting
      mount of ‹path› failed: stale file handle
      mount of ‹path› ok
      backfill took ‹int› usec for ‹int› jobs
      license ‹thing› in use ‹int› of ‹int›
      reservation ‹name› ended
      """),
    LogSystem(
      "队列服务",
      """
      用户‹int›登录成功
      用户‹int›登录失败：密码错误
      订单 ‹id› 已支付，金额 ‹float› 元
      订单 ‹id› 支付超时
      连接 ‹endpoint› 断开
      清理缓存完成，耗时 ‹ms›
      Ошибка подключения к ‹host›: ‹reason›
      Задача ‹int› завершена за ‹ms›
      """),
  ]
}
