#!/usr/bin/env bash
# Kills the program again and again while it runs the shipped job into a PostgreSQL of its own, and checks that no record is lost or counted twice.
#
#   scripts/kills.sh [--runs N] [--seed S] [--store disk|s3] [--binary PATH]
#
# With --store s3 the checkpoints are in a bucket of a server of its own (scripts/s3.sh).
# Needs python3 and PostgreSQL; the program must be built. Exit 1: a violation, with the seed. Exit 3: something is missing on this machine.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
for tool in python3 psql; do
  command -v "$tool" >/dev/null || { echo "kills.sh: $tool is missing: apt-get install -y python3 postgresql" >&2; exit 3; }
done
export PYTHONDONTWRITEBYTECODE=1
exec python3 "$root/Tests/crash/suite.py" "$@"
