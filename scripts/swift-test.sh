#!/usr/bin/env bash
# Runs tests of the release build that scripts/build.sh made, with a time limit; the runner's summary is the last line.
#
#   scripts/swift-test.sh [--minutes N] [options of the runner: --filter NAME, --skip NAME]
#
# Passing tests are not listed one by one; what failed is, and all output is kept in .build/test.log.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

minutes=20
case ${1:-} in
  -h | --help) usage; exit ;;
  --minutes) minutes=${2:?how many?}; shift 2 ;;
esac

cd "$root"
# Telemetry of real systems, where it is at hand; the tests that read it are skipped without.
if [ -z "${SLOSCOUT_SHARED:-}" ] && [ -d "$root/../shared/data/traces" ]; then
  SLOSCOUT_SHARED=$(cd "$root/../shared" && pwd)
  export SLOSCOUT_SHARED
fi
log=.build/test.log
code=0
# One after the other: tests that talk to real servers wait in calls that block, and two cores have few threads to block.
# Line by line: what is lost in a buffer when the run is stopped is what one wants to read then.
# The runner itself and not `swift test --skip-build`: that writes another plan of the build, and the next build would begin from the start.
NO_COLOR=1 limited "$minutes" "the test run" stdbuf -oL .build/release/sloscoutPackageTests.xctest --testing-library swift-testing --no-parallel "$@" \
  </dev/null >"$log" 2>&1 || code=$?
# The runner marks lines with symbols: a pass or a start says nothing that the summary does not say.
summary=$(grep -aE "Test run with [0-9]+ test" "$log" | tail -n 1 || true)
if [ "$code" != 0 ] || [ -z "$summary" ]; then
  # An event begins with a mark and may have more lines: the failed ones are shown, the started and passed ones not.
  awk '/^(◇|✔|\[)/ { show = 0 } /^(✘|↳|error:|warning:)|Fatal error|Crash/ { show = 1 } show && !/^✘ Suite/' "$log" | cut -c 1-400 | head -n 200 >&2
  echo "$program: all output is in $log" >&2
  [ -n "$summary" ] || echo "$program: the runner ended without a summary" >&2
  [ "$code" != 0 ] || code=1
  exit "$code"
fi
case $summary in *"with 0 tests"*) die "no test was run: is the filter right?" ;; esac
grep -aE "skipped" "$log" || true
echo "$summary"
