#!/usr/bin/env bash
# Which lines the tests reach, for each module, beside the goals (make coverage). A build of its own in .build-coverage: half an hour on two cores the first
# time, and not optimised, so that a line is a line.
#
#   scripts/coverage.sh [--check]      --check exits 1 when a module is below its goal
#
# Counts the Swift tests, and the program under the tests of the control server in Tests/server and Tests/workers: what answers a request runs
# nowhere else. A server that a test kills leaves no counts. The benchmarks and the pages in the browser are not run. Integration tests run with the
# servers that the environment names (SLOSCOUT_TEST_POSTGRES and others); a PostgreSQL is started when it names none.
# Environment: SIM_SEEDS  simulation seeds (50)    SKIP  Swift suites to leave out, a pattern (those that need a server that is not there)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
check=no
case ${1:-} in "") ;; --check) check=yes ;; -h | --help) usage; exit ;; *) unknown_option "$1" ;; esac

cd "$root"
scripts/setup.sh
folder=$root/.build-coverage
profiles=$folder/profiles
mkdir -p "$folder"
step "build with counters"
started=$(milliseconds)
limited "${BUILD_MINUTES:-90}" "the build" swift build --enable-all-traits --build-tests --enable-code-coverage --scratch-path "$folder" \
  </dev/null >"$folder/build.log" 2>&1 || { grep -A 3 "error:" "$folder/build.log" | head -n 40 >&2 || true; die "the build failed; see $folder/build.log"; }
echo "built in $(seconds_since "$started") s"
binary=$folder/debug/sloscout
tests=$folder/debug/sloscoutPackageTests.xctest

tools=$(dirname "$(readlink -f "$(command -v swiftc)")")
cov=$tools/llvm-cov
profdata=$tools/llvm-profdata
[ -x "$cov" ] && [ -x "$profdata" ] || { cov=$(command -v llvm-cov) && profdata=$(command -v llvm-profdata); } || die "llvm-cov and llvm-profdata are missing: they come with Swift"

rm -rf "$profiles"
mkdir -p "$profiles"
if [ -z "${SLOSCOUT_TEST_POSTGRES:-}" ]; then
  trap 'scripts/postgres.sh stop --dir "$root/.postgres/coverage"' EXIT
  SLOSCOUT_TEST_POSTGRES=$(scripts/postgres.sh start --dir "$root/.postgres/coverage")
  export SLOSCOUT_TEST_POSTGRES
fi
if [ -d "$root/../shared/data/traces" ]; then SLOSCOUT_SHARED=$(cd "$root/../shared" && pwd); export SLOSCOUT_SHARED; fi

step "the Swift tests"
# A test that fails leaves its lines counted all the same: this is not where tests are judged.
skip=()
[ -z "${SKIP:-}" ] || skip=(--skip "$SKIP")
LLVM_PROFILE_FILE="$profiles/tests-%p.profraw" SIM_SEEDS=${SIM_SEEDS:-50} NO_COLOR=1 timeout 60m "$tests" --testing-library swift-testing \
  --no-parallel "${skip[@]}" </dev/null >"$folder/test.log" 2>&1 || echo "some tests failed under the counters: $folder/test.log"
grep -aE "Test run with" "$folder/test.log" | tail -n 1 || echo "the runner ended without a summary"

step "the control server's tests"
python=$(scripts/python.sh)
for test in server/control_server server/contract server/clients server/own_slos workers/controller; do
  arguments=("$binary")
  # The test of the workers starts a PostgreSQL of its own: it looks into it.
  [ "$test" = workers/controller ] || arguments+=("$SLOSCOUT_TEST_POSTGRES")
  log=$folder/$(basename "$test").log
  LLVM_PROFILE_FILE="$profiles/server-%p.profraw" timeout 15m "$python" "Tests/$test.py" "${arguments[@]}" </dev/null >"$log" 2>&1 ||
    echo "$test.py failed under the counters: $log"
done

"$profdata" merge -sparse "$profiles"/*.profraw -o "$folder/all.profdata"
"$cov" export -summary-only -instr-profile "$folder/all.profdata" "$tests" -object "$binary" >"$folder/coverage.json"

step "lines that were reached"
CHECK=$check python3 - "$folder/coverage.json" "$root/Sources/" <<'PYTHON'
import collections, json, os, sys

GOALS = {"Server": 95, "Connectors": 88, "Dataflow": 92, "Operators": 92}
path, sources = sys.argv[1:]
lines = collections.defaultdict(lambda: [0, 0])
files = collections.defaultdict(list)
for file in json.load(open(path))["data"][0]["files"]:
    if not file["filename"].startswith(sources):
        continue
    parts = file["filename"][len(sources):].split("/")
    module = "/".join(parts[:2]) if parts[0] == "Bindings" else parts[0]
    summary = file["summary"]["lines"]
    lines[module][0] += summary["covered"]
    lines[module][1] += summary["count"]
    files[module].append((summary["count"] - summary["covered"], "/".join(parts)))
below = []
print(f"{'module':<22}{'lines':>8}{'reached':>9}{'goal':>7}")
for module, (covered, count) in sorted(lines.items()):
    share, goal = 100 * covered / max(1, count), GOALS.get(module)
    mark = "" if goal is None or share >= goal else "  below"
    if mark:
        below.append(module)
    print(f"{module:<22}{count:>8}{share:>8.1f}%{f'{goal}%' if goal else '':>7}{mark}")
covered, count = (sum(values[index] for values in lines.values()) for index in (0, 1))
print(f"{'all':<22}{count:>8}{100 * covered / max(1, count):>8.1f}%")
for module in below:
    print(f"{module}, most lines not reached: " + ", ".join(f"{name} ({missed})" for missed, name in sorted(files[module], reverse=True)[:8]))
sys.exit(1 if below and os.environ["CHECK"] == "yes" else 0)
PYTHON
