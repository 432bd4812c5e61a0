#!/usr/bin/env bash
# A private S3 server (SeaweedFS) for tests: its own data folder, free ports, loopback only.
#
#   scripts/s3.sh start [--dir DIR]    starts it (or finds it running) and prints its URL; it has a bucket `sloscout`
#   scripts/s3.sh url   [--dir DIR]    prints the URL of the running one; exit 1 if there is none
#   scripts/s3.sh stop  [--dir DIR]    stops it and removes its data
#
# DIR is .s3 in the project unless given. Keys: Tests/s3/s3.py. The program comes with scripts/python.sh.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

dir=$root/.s3
command=${1:-}
[ $# -gt 0 ] && shift
while [ $# -gt 0 ]; do
  case $1 in
    --dir) [ $# -ge 2 ] || die "--dir needs a folder"; dir=$2; shift 2 ;;
    *) unknown_option "$1" ;;
  esac
done
case $command in start | stop | url) ;; -h | --help) usage; exit ;; *) usage >&2; exit 2 ;; esac

is_running() {
  local pid
  [ -f "$dir/pid" ] && [ -f "$dir/url" ] || return 1
  pid=$(cat "$dir/pid")
  # A killed process that nobody has waited for still has a number; and the number may be another's by now.
  case $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) in "" | Z*) return 1 ;; esac
  tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -q -- "-dir=$dir/data"
}

# The first of a row of four free ports whose numbers plus 10000, which the server also uses, are free too and below the system's own range.
free_ports() {
  local port offset
  while true; do
    port=$((15000 + RANDOM % 7000))
    for offset in 0 1 2 3 10000 10001 10002 10003; do
      ! (exec 3<>"/dev/tcp/127.0.0.1/$((port + offset))") 2>/dev/null || continue 2
    done
    echo "$port"
    return
  done
}

start() {
  local python port tries
  if is_running; then cat "$dir/url"; return; fi
  python=$("$root/scripts/python.sh")
  rm -rf "$dir/data"
  mkdir -p "$dir/data"
  read -r access secret < <("$python" -c 'import sys; sys.path.insert(0, sys.argv[1]); import s3; print(s3.ACCESS_KEY, s3.SECRET_KEY)' "$root/Tests/s3")
  cat >"$dir/s3.json" <<JSON
{"identities":[{"name":"test","credentials":[{"accessKey":"$access","secretKey":"$secret"}],"actions":["Admin","Read","Write","List","Tagging"]}]}
JSON
  for tries in 1 2 3; do
    port=$(free_ports)
    # -volume.max=0: as many volumes as the disk holds; with a limit a later bucket finds none left.
    setsid "$(dirname "$python")/weed" -logtostderr=true server -ip=127.0.0.1 -ip.bind=127.0.0.1 -dir="$dir/data" \
      -master.volumeSizeLimitMB=64 -volume.max=0 -master.telemetry=false -s3 -s3.port="$port" -s3.port.iceberg=0 -s3.port.lance=0 \
      -s3.config="$dir/s3.json" -master.port=$((port + 1)) -volume.port=$((port + 2)) -filer.port=$((port + 3)) \
      >"$dir/log" 2>&1 </dev/null 9>&- &
    echo $! >"$dir/pid"
    echo "http://127.0.0.1:$port" >"$dir/url"
    if "$python" "$root/Tests/s3/s3.py" "http://127.0.0.1:$port" sloscout 30 2>"$dir/ready.log"; then cat "$dir/url"; return; fi
    end
    grep -q "address already in use" "$dir/log" || break
  done
  cat "$dir/ready.log" >&2
  tail -n 20 "$dir/log" >&2
  die "the server did not start"
}

# Asks it to end; it often does not, and then it is made to.
end() {
  local pid tries
  if is_running; then
    pid=$(cat "$dir/pid")
    kill "$pid" 2>/dev/null || true
    for tries in $(seq 30); do
      is_running || break
      sleep 0.1
    done
    if is_running; then kill -9 "$pid" 2>/dev/null || true; fi
    # Its data must not be taken away from under it.
    while is_running; do sleep 0.05; done
  fi
  rm -f "$dir/pid" "$dir/url"
}

close_inherited
one_caller "$command" server
case $command in
  start) start ;;
  stop) end; rm -rf "$dir/data" "$dir/s3.json" "$dir/log" "$dir/ready.log" ;;
  url) is_running || die "no server is running in $dir"; cat "$dir/url" ;;
esac
