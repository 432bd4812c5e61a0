#!/usr/bin/env bash
# The long suites (make soak): 200 kills and more against a real PostgreSQL, 10,000 simulation seeds. About an hour; prints its figures.
#
#   scripts/soak.sh [--kills N] [--seeds N]
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

kills=240
seeds=10000
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit ;;
    --kills) kills=${2:?how many?}; shift 2 ;;
    --seeds) seeds=${2:?how many?}; shift 2 ;;
    *) unknown_option "$1" ;;
  esac
done

cd "$root"
scripts/setup.sh
step "build"
scripts/build.sh

step "$seeds simulation seeds"
started=$(milliseconds)
SIM_SEEDS=$seeds scripts/swift-test.sh --minutes 120 --filter SimulationTests
seeds_took=$(seconds_since "$started")

step "vectors in a whole Milvus that asks for an account; other tests only meet Milvus Lite, which has none"
milvus=$root/.milvus/soak
pgvector=$root/.pgvector/soak
stop_servers() {
  scripts/milvus.sh stop --dir "$milvus" || true
  scripts/pgvector.sh stop --dir "$pgvector" || true
}
trap stop_servers EXIT
SLOSCOUT_TEST_MILVUS=$(scripts/milvus.sh start --full --dir "$milvus") SLOSCOUT_TEST_MILVUS_TOKEN=root:Milvus SLOSCOUT_TEST_PGVECTOR=$(scripts/pgvector.sh start --dir "$pgvector") \
  scripts/swift-test.sh --minutes 20 --filter VectorStoreTests
stop_servers

step "4,000 seeds of embed"
EMBED_SEEDS=4000 scripts/swift-test.sh --minutes 30 --filter EmbedSimulationTests

step "$kills kills"
started=$(milliseconds)
limited 180 "killing" scripts/kills.sh --runs "$kills" --binary "$sloscout"
kills_took=$(seconds_since "$started")

step "$((kills / 4)) kills with topics"
limited 60 "killing" scripts/topic-kills.sh --runs "$((kills / 4))"

step "$((kills / 4)) kills of a collector and a worker with Kafka between them, with spans of real systems"
limited 30 "the replay" scripts/replay-kills.sh --runs "$((kills / 4))"

step "300 runs over workers that are killed, paused, cut off, added and removed"
limited 120 "the workers on Kafka" python3 Tests/workers/kills.py "$sloscout" --exchange kafka --runs 240
limited 30 "the workers with local topics" python3 Tests/workers/kills.py "$sloscout" --store s3 --runs 60

step "40 times other numbers of shards, while workers are killed"
for seed in $(seq 40); do
  limited 5 "other numbers of shards" "$(scripts/python.sh)" Tests/workers/rescale.py "$sloscout" --seed "$seed" --exchange "$([ $((seed % 2)) = 0 ] && echo kafka || echo local)"
done

step "Kafka answers nobody for a minute"
limited 10 "the collector without Kafka" "$(scripts/python.sh)" Tests/telemetry/broker_away.py "$sloscout"

step "$kills kills of the job traces"
limited 60 "killing" python3 Tests/telemetry/trace_kills.py "$sloscout" "" "$kills"

step "promtool runs every generated test, and finds five mutations of a rule"
limited 60 "promtool" "$(scripts/python.sh)" Tests/promtool/check.py "$sloscout"

step "the image, with Swift's libraries inside the program"
SLOSCOUT_TEST_POSTGRES=$(scripts/postgres.sh start --dir "$root/.postgres/soak")
export SLOSCOUT_TEST_POSTGRES
trap 'scripts/postgres.sh stop --dir "$root/.postgres/soak"' EXIT
limited 60 "the image" scripts/image.sh

step "documents, the long blocks too"
limited 60 "the documents" "$(scripts/python.sh)" Tests/deploy/docs.py "$sloscout" "$(scripts/helm.sh)" "$SLOSCOUT_TEST_POSTGRES" --long

step "deliberate bugs: each must turn the suite red"
limited 180 "the deliberate bugs" scripts/mutants.sh

step "CONTRIBUTING.md, to the letter"
scripts/try-contributing.sh

step "figures"
printf '%-22s %10s   %10s s\n' "simulation seeds" "$seeds" "$seeds_took" "kills" "$kills" "$kills_took"
