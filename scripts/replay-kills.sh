#!/usr/bin/env bash
# Replays real spans by OTLP through a collector, Kafka and a worker into PostgreSQL, kills both again and again, and checks that each span is counted once.
#
#   scripts/replay-kills.sh [--runs N] [--seed S] [--requests N] [--binary PATH]
#
# The spans are those of ../shared/data/traces, or of the folder SLOSCOUT_SHARED; without them nothing is run, and that is said. Needs the Python
# packages of python.sh; the program must be built. Exit 1: a violation, with the seed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in -h | --help) usage; exit ;; esac

traces=${SLOSCOUT_SHARED:-$root/../shared}/data/traces
if [ ! -d "$traces" ]; then
  echo "NOT RUN: there are no traces of real systems in $traces"
  exit
fi
export PYTHONDONTWRITEBYTECODE=1
exec "$("$root/scripts/python.sh")" "$root/Tests/crash/replay.py" --binary "$sloscout" "$@" "$traces"/*-traces.otlp.jsonl.gz
