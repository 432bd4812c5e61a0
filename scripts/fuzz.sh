#!/usr/bin/env bash
# Feeds every decoder with damaged inputs (make fuzz): none may crash, hang or take memory without end; each gives an error or rows.
#
#   scripts/fuzz.sh [--minutes N] [--only DECODER] [--seed N]      5 minutes, all decoders, a new seed
#   scripts/fuzz.sh --case DECODER:SEED                            one input again, as a failure names it
#
# `make test` runs some thousand inputs of seed 1 for each decoder.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

minutes=5
only=
seed=$(date +%s)
case=
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit ;;
    --minutes) minutes=${2:?how many?}; shift 2 ;;
    --only) only=${2:?which decoder?}; shift 2 ;;
    --seed) seed=${2:?which seed?}; shift 2 ;;
    --case) case=${2:?which case?}; shift 2 ;;
    *) unknown_option "$1" ;;
  esac
done

cd "$root"
scripts/build.sh
export SLOSCOUT_FUZZ_SEED=$seed
if [ -n "$case" ]; then
  export SLOSCOUT_FUZZ_CASE=$case
else
  # Decoders take turns: an equal share for each `try Fuzz(` of the tests, those that stand in a loop or have arguments more than once.
  share=$([ -n "$only" ] && echo 1 || echo 28)
  SLOSCOUT_FUZZ_SECONDS=$(awk -v m="$minutes" -v n="$share" 'BEGIN { printf "%.1f", m * 60 / n }')
  export SLOSCOUT_FUZZ_SECONDS
  if [ -n "$only" ]; then export SLOSCOUT_FUZZ_ONLY=$only; fi
  echo "seed $seed, $SLOSCOUT_FUZZ_SECONDS s for each decoder"
fi
rm -f .build/fuzz-case
code=0
scripts/swift-test.sh --minutes $((minutes * 2 + 5)) --filter '^FuzzTests\.' || code=$?
grep -aE '^[^ ]+: [0-9]+ inputs' .build/test.log || true
# A decoder that ended the process left no other trace.
if [ "$code" != 0 ]; then
  echo "the last input was scripts/fuzz.sh --case $(tr -d ' \n' <.build/fuzz-case)" >&2
fi
exit "$code"
