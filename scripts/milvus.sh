#!/usr/bin/env bash
# A private Milvus for tests: its own data folder, a free port.
#
#   scripts/milvus.sh start [--dir DIR] [--full]  starts it (or finds it running) and prints its address
#   scripts/milvus.sh url   [--dir DIR]           prints the address of the running one; exit 1 if there is none
#   scripts/milvus.sh stop  [--dir DIR]           stops it and removes its data
#
# DIR is .milvus/data in the project unless given. The server is Milvus Lite: the same gRPC calls, in one process, on loopback only, there in a second.
# --full runs Milvus itself, which takes some ten seconds, 300 MB of memory and a dozen ports on all interfaces. It asks for an account: the token is
# root:Milvus. Both come from PyPI and stand in virtual environments of their own under .milvus (half a gigabyte), made by the first start.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

home=$root/.milvus
dir=$home/data
kind=lite
command=${1:-}
[ $# -gt 0 ] && shift
while [ $# -gt 0 ]; do
  case $1 in
    --dir) [ $# -ge 2 ] || die "--dir needs a folder"; dir=$2; shift 2 ;;
    --full) kind=full; shift ;;
    *) unknown_option "$1" ;;
  esac
done
case $command in start | stop | url) ;; -h | --help) usage; exit ;; *) usage >&2; exit 2 ;; esac

# Makes the virtual environment of a kind; does nothing when it is there.
packages() {
  case $kind in
    lite) echo "milvus-lite==3.2.2 pymilvus==3.0.2" ;;
    full) echo "milvus==2.3.5" ;;
  esac
}
get_programs() {
  local venv=$home/$kind log
  [ "$(cat "$venv/sloscout" 2>/dev/null || true)" = "$(packages)" ] && return
  mkdir -p "$home"
  (
    flock 8
    [ "$(cat "$venv/sloscout" 2>/dev/null || true)" = "$(packages)" ] && exit
    rm -rf "$venv"
    log=$(mktemp)
    trap 'rm -f "$log"' EXIT
    read -ra wanted <<<"$(packages)"
    { python3 -m venv "$venv" && limited 10 "pip" "$venv/bin/pip" install --quiet --disable-pip-version-check "${wanted[@]}"; } >"$log" 2>&1 ||
      { tail -n 20 "$log" >&2; die "could not make $venv with ${wanted[*]} (Debian: apt-get install python3-venv)"; }
    packages >"$venv/sloscout"
  ) 8>"$home/lock"
}

# Processes of this folder's server: Milvus itself is a child of the one that was started, and outlives it.
processes() {
  local pid
  [ -f "$dir/pid" ] || return 0
  for pid in $(cat "$dir/pid") $(pgrep -P "$(cat "$dir/pid")" || true) $(cat "$dir/child" 2>/dev/null || true); do
    grep -aq milvus "/proc/$pid/cmdline" 2>/dev/null && echo "$pid"
  done | sort -u
}
is_running() { [ -n "$(processes)" ]; }
print_url() { echo "http://127.0.0.1:$(cat "$dir/port")"; }

# The account that Milvus has from the start.
token=root:Milvus

# The server answers a call: the shortest there is, GetVersion.
answers() {
  printf '\0\0\0\0\0' | curl --silent --max-time 5 --http2-prior-knowledge --header 'content-type: application/grpc' --header 'te: trailers' \
    --header "authorization: $(printf %s "$token" | base64)" \
    --data-binary @- --output /dev/null --dump-header - "http://127.0.0.1:$1/milvus.proto.milvus.MilvusService/GetVersion" 2>/dev/null |
    grep -q '^grpc-status: 0'
}

launch() {
  local port=$1
  mkdir -p "$dir/files"
  (
    close_inherited
    case $kind in
      lite)
        exec setsid "$home/lite/bin/milvus-lite" server --data-dir "$dir/files" --host 127.0.0.1 --port "$port" >"$dir/log" 2>&1 </dev/null ;;
      full)
        exec setsid "$home/full/bin/milvus-server" --data "$dir/files" --proxy-port "$port" --authorization-enabled true >"$dir/log" 2>&1 </dev/null ;;
    esac
  ) &
  echo $! >"$dir/pid"
  disown
}

start() {
  local port tries waited
  if is_running; then print_url; return; fi
  for tries in 1 2 3; do
    port=$(free_port)
    launch "$port"
    for ((waited = 0; waited < 600; waited++)); do
      if answers "$port"; then
        echo "$port" >"$dir/port"
        pgrep -P "$(cat "$dir/pid")" >"$dir/child" || true
        print_url
        return
      fi
      is_running || [ "$waited" -lt 20 ] || break
      sleep 0.1
    done
    stop
    mkdir -p "$dir"
  done
  tail -n 20 "$dir/log" >&2 || true
  die "the server did not start"
}

stop() {
  local waited pids
  pids=$(processes)
  for pid in $pids; do kill "$pid" 2>/dev/null || true; done
  for ((waited = 0; waited < 100; waited++)); do
    is_running || break
    sleep 0.1
  done
  for pid in $pids; do kill -9 "$pid" 2>/dev/null || true; done
  rm -rf "$dir/pid" "$dir/child" "$dir/files" "$dir/port"
}

[ "$command" != start ] || get_programs
one_caller "$command" server
case $command in
  start) start ;;
  stop) stop ;;
  url) is_running || die "no server is running in $dir"; print_url ;;
esac
