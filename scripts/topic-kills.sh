#!/usr/bin/env bash
# Kills the program again and again while two jobs pass records through topics, and checks that each is there once.
#
#   scripts/topic-kills.sh [--runs N] [--seed S] [--binary PATH] [--kind local|kafka]
#
# The topics are on local disk, or in a broker that is started for the run. Needs the Python packages of python.sh; the program must be built. Exit 1: a violation, with the seed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in -h | --help) usage; exit ;; esac

export PYTHONDONTWRITEBYTECODE=1
exec "$("$root/scripts/python.sh")" "$root/Tests/crash/topics.py" --binary "$sloscout" "$@"
