#!/usr/bin/env bash
# The inner loop (make check): formatting, build, and every test that needs no server. Under five minutes once the dependencies are built.
#
#   scripts/check.sh [--filter NAME]     only the tests whose name contains NAME; the rest is as before
#
# Environment: SIM_SEEDS  simulation seeds to run (100)    SIM_SEED  only that seed    UPDATE_GOLDEN=1  rewrites golden files
set -euo pipefail
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

filter=()
while [ $# -gt 0 ]; do
  case $1 in
    -h | --help) usage; exit ;;
    --filter) [ $# -ge 2 ] || unknown_option "--filter without a name"; filter=(--filter "$2"); shift 2 ;;
    *) unknown_option "$1" ;;
  esac
done

cd "$root"
scripts/setup.sh
step "format"
swift format lint --strict --parallel --recursive Sources Tests Package.swift
echo "nothing to say"
step "build"
scripts/build.sh
step "tests without a server"
export SIM_SEEDS=${SIM_SEEDS:-100}
scripts/swift-test.sh --minutes 10 --skip IntegrationTests "${filter[@]}"
