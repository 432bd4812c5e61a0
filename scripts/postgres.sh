#!/usr/bin/env bash
# A private PostgreSQL for tests and the demo: its own data folder, a free port, loopback only, never as root.
#
#   scripts/postgres.sh start [--dir DIR]          starts it (or finds it running) and prints its URL
#   scripts/postgres.sh url   [--dir DIR]          prints the URL of the running one; exit 1 if there is none
#   scripts/postgres.sh stop  [--dir DIR] [--keep] stops it and removes its data; --keep leaves the data for the next start
#
# DIR is .postgres in the project unless given. The server cannot run as root, and its user may not be able to reach a folder under a private
# home: then the data goes to a fresh folder in /tmp, and DIR remembers where that is.
# Exit 3: PostgreSQL is not installed, with the line that installs it. Environment: SLOSCOUT_POSTGRES_BIN  the folder of the server's programs
set -euo pipefail

source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

dir=$root/.postgres
keep=no
command=${1:-}
[ $# -gt 0 ] && shift
while [ $# -gt 0 ]; do
  case $1 in
    --dir) [ $# -ge 2 ] || { echo "postgres.sh: --dir needs a folder" >&2; exit 2; }; dir=$2; shift 2 ;;
    --keep) keep=yes; shift ;;
    *) echo "postgres.sh: there is no option $1" >&2; exit 2 ;;
  esac
done
case $command in start | stop | url) ;; *) sed -n '2,12s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2; exit 2 ;; esac

# The folder of the server's programs: the newest installed version, or whatever is on the path.
binaries() {
  local candidate
  if [ -n "${SLOSCOUT_POSTGRES_BIN:-}" ]; then echo "$SLOSCOUT_POSTGRES_BIN"; return; fi
  for candidate in $(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5,5Vr) "$(dirname "$(command -v pg_ctl || echo /none/pg_ctl)")"; do
    if [ -x "$candidate/initdb" ] && [ -x "$candidate/pg_ctl" ]; then echo "$candidate"; return; fi
  done
  echo "postgres.sh: PostgreSQL is not installed. Install it with:" >&2
  if [ "$(id -u)" = 0 ]; then echo "  apt-get install -y postgresql" >&2; else echo "  sudo apt-get install -y postgresql" >&2; fi
  exit 3
}

# Who runs the server: we ourselves, or as root a user without rights.
server_user() {
  if [ "$(id -u)" != 0 ]; then id -un; elif id postgres >/dev/null 2>&1; then echo postgres; else echo nobody; fi
}

# Runs a command as the server's user, in a folder it can stand in.
as_server() {
  if [ "$(id -u)" != 0 ]; then (cd / && "$@"); return; fi
  (cd / && setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups env HOME=/tmp LC_ALL=C "$@")
}

# The data folder, as DIR remembers it; empty when there is none.
location() { [ -f "$dir/location" ] && cat "$dir/location" || true; }

# Whether the server's process lives. A killed one that nobody has waited for still has a number, for pg_ctl as for the server itself.
is_running() {
  local file pid
  file=$(location)/data/postmaster.pid
  [ -n "$(location)" ] && [ -f "$file" ] || return 1
  pid=$(head -n 1 "$file")
  case $(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) in "" | Z*) rm -f "$file"; return 1 ;; esac
  as_server "$bin/pg_ctl" -D "$(location)/data" status >/dev/null 2>&1
}

print_url() { echo "postgresql://postgres@127.0.0.1:$(cat "$dir/port")/sloscout"; }

# Makes a folder that the server's user owns and can reach.
make_location() {
  local place=$dir/server
  mkdir -p "$place"
  if [ "$(id -u)" = 0 ]; then chown "$user" "$place"; fi
  chmod 700 "$place"
  if ! as_server test -w "$place" 2>/dev/null; then
    rmdir "$place"
    place=$(mktemp -d /tmp/sloscout-postgres.XXXXXX)
    if [ "$(id -u)" = 0 ]; then chown "$user" "$place"; fi
  fi
  echo "$place" >"$dir/location"
}

start() {
  local data socket log port tries
  if is_running; then print_url; return; fi
  [ -d "$(location)/data" ] || make_location
  data=$(location)/data
  log=$(location)/log
  if [ ! -f "$data/PG_VERSION" ]; then
    as_server rm -rf "$data"
    as_server "$bin/initdb" -D "$data" -A trust -U postgres -E UTF8 --locale=C --no-sync >"$dir/initdb.log" 2>&1 ||
      { echo "postgres.sh: initdb failed:" >&2; cat "$dir/initdb.log" >&2; exit 1; }
  fi
  # A socket's path has room for 107 bytes.
  socket=$(location)
  [ ${#socket} -le 80 ] || socket=
  for tries in 1 2 3 4 5; do
    port=$(free_port)
    [ "$tries" = 1 ] && [ -f "$dir/port" ] && port=$(cat "$dir/port")
    if as_server "$bin/pg_ctl" -D "$data" -l "$log" -w -t 60 \
      -o "-p $port -h 127.0.0.1 -c unix_socket_directories='$socket' -c max_connections=60" start >"$dir/start.log" 2>&1 </dev/null 9>&-; then
      echo "$port" >"$dir/port"
      if ! as_server "$bin/psql" -h 127.0.0.1 -p "$port" -U postgres -Atqc "SELECT 1 FROM pg_database WHERE datname = 'sloscout'" postgres | grep -q 1; then
        as_server "$bin/createdb" -h 127.0.0.1 -p "$port" -U postgres sloscout
      fi
      print_url
      return
    fi
    as_server grep -q "could not bind\|Address already in use" "$log" || break
  done
  echo "postgres.sh: the server did not start:" >&2
  cat "$dir/start.log" >&2
  as_server tail -n 20 "$log" >&2 || true
  exit 1
}

stop() {
  local place
  place=$(location)
  if is_running; then
    as_server "$bin/pg_ctl" -D "$place/data" -m fast -w -t 20 stop >/dev/null 2>&1 ||
      as_server "$bin/pg_ctl" -D "$place/data" -m immediate -w -t 20 stop >/dev/null 2>&1 ||
      { echo "postgres.sh: the server in $place did not stop" >&2; exit 1; }
  fi
  [ "$keep" = yes ] && return
  if [ -n "$place" ]; then rm -rf "$place"; fi
  rm -f "$dir/location" "$dir/port" "$dir/initdb.log" "$dir/start.log"
}

close_inherited
one_caller "$command" server
bin=$(binaries)
user=$(server_user)
case $command in
  start) start ;;
  stop) stop ;;
  url) is_running || die "no server is running in $dir"; print_url ;;
esac
