#!/usr/bin/env bash
# Does the simulation have teeth? Breaks a copy of the engine in one way after another and runs the unchanged suites on it.
# Every mutant must be found; prints by what, and for the simulation after how many seeds.
#
#   scripts/mutants.sh                    all mutants of scripts/mutants/
#   scripts/mutants.sh late-off-by-one    these alone
#
# SIM_SEEDS   seeds a mutant may survive before it counts as missed (default 1000)
# Exit status 1 when a mutant survives, 2 when one cannot be applied or built.
set -euo pipefail
case ${1:-} in -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit ;; -*) echo "mutants.sh: there is no option $1" >&2; exit 2 ;; esac
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/mutants.XXXXXX")
trap 'rm -rf "$work"' EXIT
seeds=${SIM_SEEDS:-1000}
limit=${MUTANT_SECONDS:-600}

cp -r "$root/Sources" "$root/Tests" "$work/"
cp "$root/scripts/mutants/Package.swift" "$work/"
if [ -f "$root/Package.resolved" ]; then cp "$root/Package.resolved" "$work/"; fi
cd "$work"
build() { swift build --build-tests >"$work/build.log" 2>&1; }

# Seeds one after the other, up to the first that turns red; a mutant may also crash or hang. Only what the simulation misses goes to the units.
# $1: "both" runs the units in any case.
verdict() {
  sim="" unit=""
  SIM_STOP=1 SIM_SEEDS=$seeds timeout "$limit" swift test --skip-build --filter SimulationTests/exactlyOnce >"$work/sim.log" 2>&1 ||
    sim="simulation: seed $(grep -c '^SIM at' "$work/sim.log")"
  if [ -n "$sim" ] && [ "${1:-}" != both ]; then return; fi
  timeout "$limit" swift test --skip-build --filter DataflowTests >"$work/unit.log" 2>&1 ||
    unit="units: $(sed -n '0,/recorded an issue/s/.*Test \(".*"\) recorded an issue.*/\1/p' "$work/unit.log" | cut -c1-90)"
}

echo "building the engine as it is"
build || { cat "$work/build.log"; exit 2; }
verdict both
if [ -n "$unit$sim" ]; then
  echo "the suites are red without any mutant"
  tail -40 "$work/unit.log" "$work/sim.log"
  exit 2
fi

names=("$@")
if [ ${#names[@]} -eq 0 ]; then
  for patch in "$root"/scripts/mutants/*.patch; do names+=("$(basename "$patch" .patch)"); done
fi
survivors=0
for name in "${names[@]}"; do
  patch -s -p1 <"$root/scripts/mutants/$name.patch" || { echo "$name: the patch does not fit the source any more"; exit 2; }
  build || { tail -20 "$work/build.log"; echo "$name: does not build"; exit 2; }
  verdict
  if [ -z "$unit$sim" ]; then survivors=$((survivors + 1)); fi
  printf '%-32s %s\n' "$name" "$([ -z "$unit$sim" ] && echo SURVIVED || echo "$sim$unit")"
  patch -s -R -p1 <"$root/scripts/mutants/$name.patch"
done
echo "${#names[@]} mutants, $survivors survived"
[ "$survivors" -eq 0 ]
