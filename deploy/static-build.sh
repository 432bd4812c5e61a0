#!/usr/bin/env bash
# Builds the program as the image holds it: optimised, with Swift's own libraries inside.
#
#   deploy/static-build.sh      the program is .build-static/release/sloscout
#
# Everything is compiled anew the first time, beside the build that tests use: Swift compiles for one kind of its libraries or the other.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
case ${1:-} in "") ;; *) awk 'NR > 1 && !/^#/ { exit } NR > 1 { sub(/^# ?/, ""); print }' "${BASH_SOURCE[0]}"; exit ;; esac

mkdir -p .build-static
log=.build-static/build.log
# As in scripts/build.sh: with hashes of another seed the next build would compile everything anew.
if ! SWIFT_DETERMINISTIC_HASHING=1 swift build -c release --enable-all-traits --static-swift-stdlib --product sloscout --scratch-path .build-static </dev/null >"$log" 2>&1; then
  tail -n 40 "$log" >&2
  exit 1
fi
