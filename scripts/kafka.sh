#!/usr/bin/env bash
# A private broker that speaks Kafka's protocol, for tests and the demo: its own data folder, a free port, loopback only.
#
#   scripts/kafka.sh start [--dir DIR]          starts it (or finds it running) and prints its address
#   scripts/kafka.sh url   [--dir DIR]          prints the address of the running one; exit 1 if there is none
#   scripts/kafka.sh stop  [--dir DIR] [--keep] stops it and removes its data; --keep leaves the data, and the port, for the next start
#
# DIR is .kafka in the project unless given. The broker is noida-db, from the project's Python packages. It keeps its data in memory and writes
# them to a file a moment later, and at SIGTERM: a kill -9 makes it forget its last second.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

dir=$root/.kafka
keep=no
command=${1:-}
[ $# -gt 0 ] && shift
while [ $# -gt 0 ]; do
  case $1 in
    --dir) [ $# -ge 2 ] || die "--dir needs a folder"; dir=$2; shift 2 ;;
    --keep) keep=yes; shift ;;
    *) unknown_option "$1" ;;
  esac
done
case $command in start | stop | url) ;; -h | --help) usage; exit ;; *) usage >&2; exit 2 ;; esac

# Whether the broker's process lives: not one that ended and was not waited for, and not another one under its number.
is_running() {
  [ -f "$dir/pid" ] && grep -aq noida-db "/proc/$(cat "$dir/pid")/cmdline" 2>/dev/null
}

print_url() { echo "127.0.0.1:$(cat "$dir/port")"; }

start() {
  local broker port tries waited
  if is_running; then print_url; return; fi
  # The program itself: the command of that name is a script that does not pass signals on.
  broker=$("$("$root/scripts/python.sh")" -c 'import os, noida_db; print(os.path.join(os.path.dirname(noida_db.__file__), "noida-db"))')
  for tries in 1 2 3 4 5; do
    port=$(free_port)
    [ "$tries" = 1 ] && [ -f "$dir/port" ] && port=$(cat "$dir/port")
    (
      close_inherited
      exec setsid "$broker" start --only kafka --kafka-port "$port" --data-dir "$dir/data" >"$dir/log" 2>&1 </dev/null
    ) &
    echo $! >"$dir/pid"
    disown
    for ((waited = 0; waited < 300; waited++)); do
      if is_listening "$port"; then
        echo "$port" >"$dir/port"
        print_url
        return
      fi
      is_running || [ "$waited" -lt 20 ] || break
      sleep 0.05
    done
    is_running && break
  done
  tail -n 20 "$dir/log" >&2 || true
  die "the broker did not start"
}

stop() {
  local pid waited
  if is_running; then
    pid=$(cat "$dir/pid")
    kill "$pid"
    for ((waited = 0; waited < 200; waited++)); do
      is_running || break
      sleep 0.05
    done
    if is_running; then kill -9 "$pid"; fi
  fi
  rm -f "$dir/pid"
  [ "$keep" = yes ] || rm -rf "$dir/data" "$dir/port" "$dir/log"
}

one_caller "$command" broker
case $command in
  start) start ;;
  stop) stop ;;
  url) is_running || die "no broker is running in $dir"; print_url ;;
esac
