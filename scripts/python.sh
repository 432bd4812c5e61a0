#!/usr/bin/env bash
# Makes .venv with the Python packages that tests use, and prints its interpreter. Does nothing when it is there.
#
#   scripts/python.sh
#
# fastavro is the other Avro implementation that tests compare with; OpenTelemetry's SDK is a sender of real telemetry;
# noida-db is a broker for tests of topics in Kafka, confluent-kafka another client of it.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in "") ;; -h | --help) usage; exit ;; *) unknown_option "$1" ;; esac

packages=(fastavro==1.13.1 opentelemetry-sdk==1.45.2 opentelemetry-exporter-otlp-proto-http==1.45.2 noida-db==0.2.3 confluent-kafka==2.16.1)
venv=$root/.venv
mark="$venv/packages: ${packages[*]}"
if [ "$(cat "$venv/sloscout" 2>/dev/null || true)" != "$mark" ]; then
  rm -rf "$venv"
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  { python3 -m venv "$venv" && limited 5 "pip" "$venv/bin/pip" install --quiet --disable-pip-version-check "${packages[@]}"; } >"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; die "could not make $venv with ${packages[*]} (Debian: apt-get install python3-venv)"; }
  echo "$mark" >"$venv/sloscout"
fi
echo "$venv/bin/python"
