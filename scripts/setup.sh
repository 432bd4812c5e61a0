#!/usr/bin/env bash
# Checks what the project needs on this machine, and installs what is missing when it may. Says nothing when all is there.
#
#   scripts/setup.sh [--check]      --check only looks
#
# Needed: Swift 6.3; the headers of zstd, libpq, zlib, RE2, OpenSSL, libcurl, libavro, libsnappy and librdkafka; pkg-config, make; PostgreSQL's server programs
# (tests and demo start a private one); python3 with venv (the crash suite, and tools that tests compare with); promtool, Chromium, buildah and docker-compose (tests).
# As root on Debian or Ubuntu the packages are installed. Otherwise the line to run is printed and the exit code is 3.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

only_check=no
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit ;;
    --check) only_check=yes; shift ;;
    *) unknown_option "$1" ;;
  esac
done

swift_version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1 || true)
if [ -z "$swift_version" ] || [ "$(printf '%s\n6.3\n' "$swift_version" | sort -V | head -n 1)" != 6.3 ]; then
  {
    if [ -z "$swift_version" ]; then echo "$program: Swift is not installed, or not on the PATH."; else echo "$program: this is Swift $swift_version."; fi
    echo "The project needs Swift 6.3 or newer: https://www.swift.org/install/linux/"
  } >&2
  exit 3
fi

# A package is missing when what we use of it is: that holds on every distribution.
has_header() { [ -n "$(find /usr/include /usr/local/include -maxdepth 3 -name "$1" -print -quit 2>/dev/null)" ]; }
has_server() { [ -n "$(find /usr/lib/postgresql/*/bin -name initdb -print -quit 2>/dev/null)" ] || command -v initdb >/dev/null; }
missing=()
command -v make >/dev/null || missing+=(make)
command -v pkg-config >/dev/null || missing+=(pkg-config)
has_header zstd.h || missing+=(libzstd-dev)
has_header libpq-fe.h || missing+=(libpq-dev)
has_header zlib.h || missing+=(zlib1g-dev)
has_header re2.h || missing+=(libre2-dev)
has_header opensslv.h || missing+=(libssl-dev)
has_header curl.h || missing+=(libcurl4-openssl-dev)
has_header avro.h || missing+=(libavro-dev)
has_header rdkafka.h || missing+=(librdkafka-dev)
has_header snappy-c.h || missing+=(libsnappy-dev)
command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || missing+=(chromium)
command -v python3 >/dev/null || missing+=(python3)
{ command -v python3 && python3 -c 'import ensurepip'; } >/dev/null 2>&1 || missing+=(python3-venv)
command -v promtool >/dev/null || missing+=(prometheus)
command -v buildah >/dev/null || missing+=(buildah)
command -v docker-compose >/dev/null || missing+=(docker-compose)
has_server && command -v psql >/dev/null || missing+=(postgresql)
[ ${#missing[@]} -gt 0 ] || exit 0

if ! command -v apt-get >/dev/null; then
  {
    echo "$program: missing: ${missing[*]} (Debian's names)"
    echo "This system has no apt-get: install what its packages are called here, then try again."
  } >&2
  exit 3
fi
if [ "$only_check" = yes ] || [ "$(id -u)" != 0 ]; then
  {
    echo "$program: packages are missing. Install them with:"
    if [ "$(id -u)" = 0 ]; then
      echo "  apt-get update && apt-get install -y ${missing[*]}"
    else
      echo "  sudo apt-get update && sudo apt-get install -y ${missing[*]}"
    fi
  } >&2
  exit 3
fi

echo "installing ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
made=
trap 'rm -f "$log" $made' EXIT
# The package would make and start a server on the usual port. The project uses a private one, so it is told not to, this once.
settings=/etc/postgresql-common/createcluster.conf
if [[ " ${missing[*]} " == *" postgresql "* ]] && [ ! -e "$settings" ]; then
  mkdir -p "$(dirname "$settings")"
  echo "create_main_cluster = false" >"$settings"
  made=$settings
fi
(apt-get update && apt-get install -y --no-install-recommends "${missing[@]}") </dev/null >"$log" 2>&1 ||
  { tail -n 30 "$log" >&2; die "apt-get could not install ${missing[*]}"; }
