#!/usr/bin/env bash
# Kills the program again and again while two jobs pass records through topics on local disk, and checks that each is there once.
#
#   scripts/topic-kills.sh [--runs N] [--seed S] [--binary PATH]
#
# Needs python3; the program must be built. Exit 1: a violation, with the seed.
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
case ${1:-} in -h | --help) usage; exit ;; esac

export PYTHONDONTWRITEBYTECODE=1
exec python3 "$root/Tests/crash/topics.py" --binary "$sloscout" "$@"
