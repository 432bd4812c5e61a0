#!/usr/bin/env bash
# Builds everything once: the program and all tests, optimised. What is tested is what ships.
#
#   scripts/build.sh [--program]      --program builds no tests
#
# The program is .build/release/sloscout. A target that imports another without declaring it fails the build. All package traits are on.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
what=(--enable-all-traits --build-tests --explicit-target-dependency-import-check error)
case ${1:-} in "") ;; -h | --help) usage; exit ;; --program) what=(--enable-all-traits --product sloscout) ;; *) unknown_option "$1" ;; esac

cd "$root"
started=$(milliseconds)
# Progress lines go to a log: a build that succeeds has nothing to say.
log=.build/build.log
mkdir -p .build
build() {
  # Sets are printed in the order of their hashes: with another seed each time, traits come in another order, and everything would be compiled anew.
  SWIFT_DETERMINISTIC_HASHING=1 limited "${BUILD_MINUTES:-40}" "the build" swift build -c release "${what[@]}" </dev/null >"$log" 2>&1
}
show_failure() {
  # Errors first: the compiler goes on after the first one and buries it.
  grep -A 3 -E "error:" "$log" | head -n 60 >&2 || tail -n 40 "$log" >&2
  die "the build failed; all of it is in $log"
}
build || show_failure
# A build that somebody's signal cancelled says so and ends with exit code 0.
if ! grep -q "^Build .*complete!" "$log"; then
  echo "the build was cancelled; going on with it"
  build || show_failure
  grep -q "^Build .*complete!" "$log" || show_failure
fi
echo "built in $(seconds_since "$started") s"
