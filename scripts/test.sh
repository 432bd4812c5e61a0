#!/usr/bin/env bash
# All tests (make test, and all of CI): from a fresh clone, builds included, at most 45 minutes on two cores.
#
#   scripts/test.sh
#
# make check, then: integration tests against a real PostgreSQL and a real S3 server, 1,000 simulation seeds, 20 kills, one of each fault, 20 kills
# with topics, 20 with checkpoints on S3, 20 of a collector and a worker, 8 of the embedding job, the benchmark's job at several parallelisms;
# OpenTelemetry's SDK and Collector, Prometheus and others as senders; thousands of idle connections; the image's file system, the Helm chart, the compose file,
# and the command blocks of the documents.
# A service that is missing is a failure, not a skip. The last line is the test runner's summary.
# Environment: KILLS  kills to run (20)    SIM_SEEDS  simulation seeds (1000)
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in "") ;; -h | --help) usage; exit ;; *) unknown_option "$1" ;; esac

cd "$root"
begin=$(milliseconds)
scripts/setup.sh

step "format"
swift format lint --strict --parallel --recursive Sources Tests Package.swift
echo "nothing to say"

step "build"
scripts/build.sh

step "Python"
python=$(scripts/python.sh)
echo "$python"

step "PostgreSQL"
postgres=$root/.postgres/all-tests
s3=$root/.s3/all-tests
kafka=$root/.kafka/all-tests
pgvector=$root/.pgvector/all-tests
milvus=$root/.milvus/all-tests
stop_servers() {
  scripts/milvus.sh stop --dir "$milvus" || true
  scripts/pgvector.sh stop --dir "$pgvector" || true
  scripts/postgres.sh stop --dir "$postgres" || true
  scripts/s3.sh stop --dir "$s3" || true
  scripts/kafka.sh stop --dir "$kafka" || true
}
trap stop_servers EXIT
SLOSCOUT_TEST_POSTGRES=$(scripts/postgres.sh start --dir "$postgres")
export SLOSCOUT_TEST_POSTGRES
echo "$SLOSCOUT_TEST_POSTGRES"

step "S3"
SLOSCOUT_TEST_S3=$(scripts/s3.sh start --dir "$s3")
export SLOSCOUT_TEST_S3
echo "$SLOSCOUT_TEST_S3"

step "Kafka"
SLOSCOUT_TEST_KAFKA=$(scripts/kafka.sh start --dir "$kafka")
export SLOSCOUT_TEST_KAFKA
echo "$SLOSCOUT_TEST_KAFKA"

step "PostgreSQL with pgvector"
SLOSCOUT_TEST_PGVECTOR=$(scripts/pgvector.sh start --dir "$pgvector")
export SLOSCOUT_TEST_PGVECTOR
echo "$SLOSCOUT_TEST_PGVECTOR"

step "Milvus Lite"
SLOSCOUT_TEST_MILVUS=$(scripts/milvus.sh start --dir "$milvus")
export SLOSCOUT_TEST_MILVUS
echo "$SLOSCOUT_TEST_MILVUS"

step "the sentence model"
SLOSCOUT_MODEL=$(scripts/model.sh)
export SLOSCOUT_MODEL
echo "$SLOSCOUT_MODEL"

step "tests: unit, property, golden, house, integration, ${SIM_SEEDS:-1000} simulation seeds"
started=$(milliseconds)
SIM_SEEDS=${SIM_SEEDS:-1000} scripts/swift-test.sh --minutes 25 | tee .build/summary.txt
echo "in $(seconds_since "$started") s"

step "${KILLS:-20} kills, and one of each fault"
started=$(milliseconds)
limited 20 "killing" scripts/kills.sh --runs "${KILLS:-20}" --binary "$sloscout"
echo "in $(seconds_since "$started") s"

step "${KILLS:-20} kills with topics"
limited 10 "killing" scripts/topic-kills.sh --runs "${KILLS:-20}"

step "${KILLS:-20} kills with checkpoints on S3"
limited 10 "killing" scripts/kills.sh --store s3 --runs "${KILLS:-20}" --faults rivals --bad-input none --binary "$sloscout"

step "${KILLS:-20} kills with topics in Kafka"
limited 10 "killing" scripts/topic-kills.sh --runs "${KILLS:-20}" --kind kafka

step "${KILLS:-20} kills of a collector and a worker with Kafka between them, with spans of real systems"
limited 10 "the replay" scripts/replay-kills.sh --runs "${KILLS:-20}" --requests 100

step "kills of the embedding job: every template has a vector, and nobody is asked twice for what is known"
limited 5 "killing" "$python" Tests/crash/embedding.py "$sloscout" "$SLOSCOUT_TEST_POSTGRES"

step "search by meaning: 81 questions about other software than the weights were chosen with"
for how in "--model $SLOSCOUT_MODEL" --words; do
  read -ra options <<<"$how"
  "$sloscout" bench search --templates Tests/search/templates --questions Tests/search/questions.jsonl "${options[@]}" |
    python3 -c '
import json, sys
run = json.load(sys.stdin)
print(run["method"], run["recall_at_5"], run["mrr"])
wanted = {"words": 0.5}.get(run["method"], 0.8)
sys.exit(None if run["recall_at_5"] >= wanted else "recall at 5 is below %s" % wanted)'
done

step "${KILLS:-20} runs over workers that are killed, paused, cut off, added and removed: the table is that of one process"
limited 15 "the workers on Kafka" python3 Tests/workers/kills.py "$sloscout" --exchange kafka --runs "$((${KILLS:-20} * 3 / 5))"
limited 10 "the workers" python3 Tests/workers/kills.py "$sloscout" --store s3 --runs "$((${KILLS:-20} * 2 / 5))"

step "the server as the controller of workers: submit, upgrade, stop, kills of both, jobs that follow a folder"
limited 5 "the controller" "$python" Tests/workers/controller.py "$sloscout" --broker "$SLOSCOUT_TEST_KAFKA"

step "a job over workers that are killed gets other numbers of shards four times, and a savepoint: all as in one process"
limited 5 "the other numbers of shards" "$python" Tests/workers/rescale.py "$sloscout"

step "the benchmark's job counts what the generator wrote, at 1, 2 and 4 subtasks and with both keys"
shop=.build/bench-shop.jsonl
"$sloscout" generate --records 100000 --output "$shop" >/dev/null
for run in "shape 1" "capsule 1" "capsule 2" "capsule 4"; do
  "$sloscout" bench fingerprint --input "$shop" --key "${run% *}" --threads "${run#* }" </dev/null |
    python3 -c '
import json, sys
run, truth = json.load(sys.stdin), json.load(open(sys.argv[1]))
got = (run["counted"], run["late"], run["errors"])
want = (truth["accepted"], truth["late_dropped"], truth["malformed"])
print(run["key"], run["threads"], got)
sys.exit(0 if got == want else "the generator says %s" % (want,))' "$shop.meta.json"
done

step "the OpenTelemetry SDK sends to a job that is killed meanwhile"
limited 5 "the SDK" "$python" Tests/telemetry/otlp_sdk.py "$sloscout"

step "the example pipeline in Kafka: what the SDK sent, read by another Avro implementation"
limited 5 "the pipeline" "$python" Tests/telemetry/pipeline.py "$sloscout"

step "Kafka answers nobody for a while: nothing is lost, memory stays, a full spool is said"
limited 5 "the collector without Kafka" "$python" Tests/telemetry/broker_away.py "$sloscout" --seconds 10

step "the control server: jobs, analyses, tokens, kill and resume"
limited 5 "the server's test" "$python" Tests/server/control_server.py "$sloscout" "$SLOSCOUT_TEST_POSTGRES"

step "the API is what its OpenAPI document says: every status, every identity, hostile requests"
limited 5 "the API's contract" "$python" Tests/server/contract.py "$sloscout" "$SLOSCOUT_TEST_POSTGRES"

step "signals in the first moments: the server, a worker and a job end well, short commands end at once"
limited 5 "the early signals" "$python" Tests/server/early_stop.py "$sloscout" "$SLOSCOUT_TEST_POSTGRES"

step "the program as a client: tap, savepoint, analyze --server, TLS with a renewed certificate and certificates of clients"
limited 5 "the clients' test" "$python" Tests/server/clients.py "$sloscout" "$SLOSCOUT_TEST_POSTGRES"

step "the server watches itself: numbers, spans, and objectives by its own generator"
limited 5 "the server's own objectives" "$python" Tests/server/own_slos.py "$sloscout" "$SLOSCOUT_TEST_POSTGRES"

step "schemathesis, with a fixed seed"
limited 5 "schemathesis" "$python" Tests/server/fuzz.py "$sloscout" "$SLOSCOUT_TEST_POSTGRES"

step "a browser walks through the dashboard"
limited 5 "the browser" "$python" Tests/server/browser.py "$sloscout" "$SLOSCOUT_TEST_POSTGRES" .build/screenshots

step "promtool checks generated rules and runs their tests; make soak runs the long ones too"
limited 15 "promtool" "$python" Tests/promtool/check.py "$sloscout" --quick

step "syslog, Loki's push and JSON over HTTP, to a job that is killed meanwhile; its health and metrics"
limited 5 "the senders of logs" "$python" Tests/telemetry/log_senders.py "$sloscout"

step "a real Prometheus writes to a job that is killed meanwhile"
limited 5 "Prometheus" python3 Tests/telemetry/prometheus.py "$sloscout"

step "a job scrapes a real Prometheus and itself, and is killed meanwhile"
limited 5 "scraping" "$python" Tests/telemetry/scraper.py "$sloscout"

step "a real Collector tails a file, and sends it to a job that is killed meanwhile"
limited 5 "the Collector" "$python" Tests/telemetry/collector.py "$sloscout"

step "records of megabytes past a topic, on disk and on S3"
limited 5 "long values" "$python" Tests/telemetry/long_values.py "$sloscout"
limited 5 "long values on S3" "$python" Tests/telemetry/long_values.py "$sloscout" "$SLOSCOUT_TEST_S3"

step "10,000 idle connections and a hundred slow ones keep nobody from being served"
limited 5 "the idle connections" "$python" Tests/telemetry/idle_connections.py "$sloscout"

step "the job traces is killed 10 times; its totals are those of an analysis"
limited 5 "killing" python3 Tests/telemetry/trace_kills.py "$sloscout" "" 10

step "spans, a job, a real Prometheus with the generated rules: every panel has data, and analyze --prometheus proves the queries"
limited 5 "journey metrics" python3 Tests/telemetry/journey_metrics.py "$sloscout"

step "the Helm chart: lint, eight sets of values, the schemas of Kubernetes, what its objects say"
helm=$(scripts/helm.sh)
limited 5 "the chart" "$python" Tests/deploy/chart.py "$helm" "$sloscout"

step "Helm installs, upgrades and rolls back against a small API server: secrets stay, hooks come first"
limited 5 "the upgrade" "$python" Tests/deploy/upgrade.py "$helm"

step "the chart's rules and dashboards; the compose file"
limited 5 "the rules" "$python" Tests/deploy/monitoring.py
limited 5 "the compose file" "$python" Tests/deploy/compose.py "$sloscout"

step "the job files of the chart: two collectors, a broker, the workers' job"
limited 5 "the job files" "$python" Tests/deploy/job_files.py "$sloscout" "$SLOSCOUT_TEST_KAFKA" "$SLOSCOUT_TEST_POSTGRES"

step "the image: its file system, and the program in it; make soak builds it with Swift's libraries inside"
limited 5 "the image" scripts/image.sh --shared

step "documents: every command block"
limited 10 "the documents" "$python" Tests/deploy/docs.py "$sloscout" "$helm" "$SLOSCOUT_TEST_POSTGRES"

step "all passed in $(seconds_since "$begin") s"
tail -n 1 .build/summary.txt
