#!/usr/bin/env bash
# Builds everything once: the binary and all tests, optimised. What is tested is what ships.
#
#   scripts/build.sh
#
# The binary is .build/release/sloscout. A target that imports another without declaring it fails the build.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in "") ;; -h | --help) usage; exit ;; *) unknown_option "$1" ;; esac

cd "$root"
started=$(milliseconds)
# Progress lines go to a log: a build that succeeds has nothing to say.
log=.build/build.log
mkdir -p .build
if ! limited "${BUILD_MINUTES:-30}" "the build" \
  swift build -c release --build-tests --explicit-target-dependency-import-check error </dev/null >"$log" 2>&1; then
  # Errors first: the compiler goes on after the first one and buries it.
  grep -A 3 -E "error:" "$log" | head -n 60 >&2 || tail -n 40 "$log" >&2
  die "the build failed; all of it is in $log"
fi
echo "built in $(seconds_since "$started") s"
